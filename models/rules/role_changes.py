"""What a changed configuration may do to people's roles by itself, and what waits for a second person.

Taking a role away is done at once: it makes nobody more powerful, unless it is the auditor's, who is the second person.
Giving one, or moving somebody's account, waits for the auditor. An office without an auditor has no second person.
"""

from collections.abc import Mapping
from dataclasses import dataclass

AUDITOR, HEAD = "auditor", "head"


@dataclass(frozen=True)
class Post:
    """Somebody's roles, and the account of the platform that is taken for them."""

    roles: frozenset[str] = frozenset()
    account: str = ""

    def moved(self, to: "Post") -> bool:
        """Whether other fingers would type under this name."""
        return bool(self.roles and self.account) and self.account.strip().lower() != to.account.strip().lower()


@dataclass(frozen=True)
class Change:
    """`now` stands at once; `later`, where there is one, when one of `who` (roles) has agreed."""

    person: str
    before: Post
    now: Post
    later: Post | None = None
    who: tuple[str, ...] = ()


def changes(standing: Mapping[str, Post], wanted: Mapping[str, Post]) -> list[Change]:
    """Everybody whose post the configuration changes. At the very first start nothing stands, and all of it is taken."""
    found = []
    for person in sorted({*standing, *wanted}):
        before, after = standing.get(person, Post()), wanted.get(person, Post())
        if before.roles == after.roles and not before.moved(after):
            continue
        who = _second(standing, person) if standing else ()
        if not who or not _needs_two(before, after):
            found.append(Change(person, before, after))
            continue
        kept = before.roles if AUDITOR in before.roles - after.roles else before.roles & after.roles
        now = Post(kept, before.account if before.roles else after.account)
        found.append(Change(person, before, now, later=after, who=who))
    return found


def _needs_two(before: Post, after: Post) -> bool:
    return bool(after.roles - before.roles) or AUDITOR in before.roles - after.roles or before.moved(after)


def _second(standing: Mapping[str, Post], person: str) -> tuple[str, ...]:
    """The role that must agree: another auditor; where the only one is concerned, a head."""
    held = {role for name, post in standing.items() if name != person for role in post.roles}
    if AUDITOR in held:
        return (AUDITOR,)
    only_auditor = person in standing and AUDITOR in standing[person].roles
    return (HEAD,) if only_auditor and HEAD in held else ()
