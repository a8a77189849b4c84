"""What a changed configuration does by itself, and what waits for whom."""

import pytest

from models.rules.role_changes import Post, changes


def posts(words: str) -> dict[str, Post]:
    """`clerk=clerk@zhang aud=auditor` as posts by person."""
    found = {}
    for one in words.split():
        person, _, rest = one.partition("=")
        roles, _, account = rest.partition("@")
        found[person] = Post(frozenset(filter(None, roles.split("+"))), account)
    return found


OFFICE = "ann=clerk bob=head aud=auditor"


@pytest.mark.parametrize(
    ("standing", "wanted", "said"),
    [
        ("", OFFICE + " eve=lead_officer+admin", "ann:clerk aud:auditor bob:head eve:admin+lead_officer"),
        (OFFICE, OFFICE, ""),
        (OFFICE, OFFICE + " eve=lead_officer", "eve: ?lead_officer/auditor"),
        (OFFICE, OFFICE.replace("clerk", "clerk+lead_officer"), "ann:clerk ?clerk+lead_officer/auditor"),
        (OFFICE + " eve=lead_officer", OFFICE, "eve:"),
        (OFFICE + " eve=lead_officer+clerk", OFFICE + " eve=clerk", "eve:clerk"),
        (OFFICE + " eve=clerk", OFFICE + " eve=admin", "eve: ?admin/auditor"),
        (OFFICE, "ann=clerk bob=head aud=clerk", "aud:auditor ?clerk/head"),
        (OFFICE, "ann=clerk bob=head", "aud:auditor ?/head"),
        (OFFICE + " two=auditor", OFFICE, "two:auditor ?/auditor"),
        ("ann=clerk aud=auditor", "ann=clerk", "aud:"),
        ("ann=clerk bob=head", "ann=clerk bob=head aud=auditor eve=lead_officer", "aud:auditor eve:lead_officer"),
        ("ann=clerk", "ann=clerk+head", "ann:clerk+head"),
        (OFFICE + " eve=lead_officer@one", OFFICE + " eve=lead_officer@two", "eve:lead_officer@one ?lead_officer@two/auditor"),
        (OFFICE + " eve=lead_officer@one", OFFICE + " eve=lead_officer@ONE", ""),
        (OFFICE + " eve=lead_officer", OFFICE + " eve=lead_officer@one", ""),
        (OFFICE, OFFICE.replace("auditor", "auditor@x"), ""),
        (OFFICE.replace("auditor", "auditor@x"), OFFICE.replace("auditor", "auditor@y"), "aud:auditor@x ?auditor@y/head"),
    ],
    ids=range(18),
)  # fmt: skip
def test_what_stands_at_once_and_what_waits(standing: str, wanted: str, said: str) -> None:
    found = []
    for change in changes(posts(standing), posts(wanted)):
        now = "+".join(sorted(change.now.roles)) + (f"@{change.now.account}" if change.now.account else "")
        line = f"{change.person}:{now}"
        if change.later is not None:
            later = "+".join(sorted(change.later.roles)) + (f"@{change.later.account}" if change.later.account else "")
            line += f" ?{later}/{'+'.join(change.who)}"
        found.append(line)
    assert " ".join(found) == said
