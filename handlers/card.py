"""A notice as it stands in its rooms: posted once, then only its count changes in place."""

from datetime import timedelta

from handlers.registry import before_commit
from handlers.request import Button, Desk
from models import notices, tallies
from models.notices import Kind, Notice, NoticeState
from models.outbox import SendClass

CARD_LIVES = timedelta(days=1)  # how long a card may wait for a way into its room


def show(desk: Desk, notice: Notice, room: str, counts: tuple[int, int, int] | None = None) -> None:
    """Post the notice in a room, or with `counts` (asked, acknowledged, finished) edit the post that stands there.

    On a door whose posts with a mention carry no buttons the notice has its card apart, and it is that which changes.
    """
    posted = f"notice:{notice.id}:v{notice.version}:{room}"
    pressable = notice.kind != Kind.FYI and notice.state == NoticeState.OPEN
    buttons = [Button(f"收 {notice.number}", "收到")] if pressable else []
    apart = notice.kind != Kind.FYI and desk.around.doors.room_can(room, "separate_card")
    if counts is None or not apart:
        _post(desk, notice, room, posted, counts, [] if apart else buttons, apart)
    if apart:
        _tap(desk, notice, room, f"tap:{posted}", counts, buttons)


def _post(
    desk: Desk,
    notice: Notice,
    room: str,
    posted: str,
    counts: tuple[int, int, int] | None,
    buttons: list[Button],
    apart: bool,
) -> None:
    """Everybody is mentioned when the whole room is asked, else just the liaisons of those who are."""
    asked = set(notice.audience)
    residents = desk.roster.units_of_room(room)
    here = [u for u in residents if u.id in asked]
    liaisons = [desk.roster.liaisons[u.id] for u in here if u.id in desk.roster.liaisons]
    whole = len(here) == len(residents)
    desk.post(
        room,
        "notice",
        key=posted if counts is None else f"card:{posted}",
        send=SendClass.NEVER_TWICE if counts is None else SendClass.LATEST_WINS,
        edits=None if counts is None else posted,
        notice_id=notice.id,
        mentions=["@all"] if whole else [p.id for p in liaisons],
        buttons=buttons,
        notice=notice,
        whole=whole,
        names=[p.name for p in liaisons],
        units=[u.name for u in here],
        counts=counts,
        apart=apart,
        hears_all=desk.around.doors.can(desk.around.doors.for_room(room), "hears_all"),
    )


def _tap(
    desk: Desk, notice: Notice, room: str, card: str, counts: tuple[int, int, int] | None, buttons: list[Button]
) -> None:
    desk.post(
        room,
        "notice_card",
        key=card if counts is None else f"card:{card}",
        send=SendClass.AT_LEAST_ONCE if counts is None else SendClass.LATEST_WINS,
        edits=None if counts is None else card,
        not_after=desk.now + CARD_LIVES if counts is None else None,
        notice_id=notice.id,
        buttons=buttons,
        notice=notice,
        counts=counts,
    )


@before_commit
async def refresh(desk: Desk) -> None:
    """Once for all answers of a transaction: one edit a room, and a notice that everybody finished closes itself."""
    changed = sorted(desk.gathering.changed)
    if not changed:
        return
    await desk.gathering.flush()
    found = await notices.of_ids(desk.session, changed)
    counts = await tallies.counts(desk.session, changed)
    for notice in found.values():
        total, _, done = counted = counts.get(notice.id, (0, 0, 0))
        if notice.state == NoticeState.OPEN and notice.kind != Kind.FYI and total and done == total:
            notice.state, notice.closed_at = NoticeState.CLOSED, desk.now
            key = f"all done:{notice.id}:{desk.now.isoformat()}"
            desk.tell(notice.issuer, "all_done", key=key, notice=notice, total=total, notice_id=notice.id)
        for room in notice.rooms if notice.kind != Kind.FYI else ():
            if desk.around.doors.room_can(room, "edit"):
                show(desk, notice, room, counted)
    desk.gathering.changed.clear()
