"""The list of recipients is installed by an administrator and takes effect when two lead officers have agreed to it.

The configuration pins the file; this pins the pin: whoever can write the configuration alone does not become a reader
of leads. While a changed list waits no leads are taken, and that is an alarm.
"""

from typing import Any

from handlers.agree import ask, both, those_who_may
from handlers.lead_drill import put_to_the_test
from handlers.registry import Misunderstood, agreed
from handlers.request import Desk, Request
from models import alarms, approvals, journal, pinned
from models.approvals import CONFIGURATION, Approval
from models.people import Role
from models.permissions import SECONDS

PIN, CHANGE, ALARM = "recipients.pin", "recipients.change", "recipients"
WAITING = "接收人名单换了，要两名线索专员回“同意”才生效；在这之前不收线索"


async def compare(desk: Desk) -> None:
    """At the start: is the list that the configuration pins the one that was agreed to? The first list is taken as it
    is, for there is nobody yet who could agree; that it was the first is the journal's word, not that of a row which
    whoever writes the database can take away."""
    known = desk.around.offered
    if known is None:
        return
    print_, keys = await pinned.standing(desk.session)
    about = f"recipients:{known.short}"
    if not print_ and not await journal.has_any(desk.session, PIN, CHANGE):
        await pinned.pin(desk.session, known)
        await desk.write_down(PIN, about, CONFIGURATION, holders=sorted(known.keys()))
    elif print_ == known.fingerprint:
        await approvals.withdraw(desk.session, CHANGE, None, desk.now)
        await alarms.clear_alarm(desk.session, desk.now, ALARM)
    else:
        come, go = pinned.changed(keys, known.keys())
        await _ask(desk, about, {"fingerprint": known.fingerprint, "added": come, "gone": go})


async def _ask(desk: Desk, about: str, subject: dict[str, Any]) -> None:
    second = SECONDS[CHANGE]
    fresh = Approval(
        act=CHANGE,
        object=about,
        asked_by=CONFIGURATION,
        asked_at=desk.now,
        who=sorted(second.who),
        needs=second.needs,
        subject=subject,
    )
    waiting = await approvals.open_about(desk.session, CHANGE, about, desk.now)
    if not waiting:
        await approvals.withdraw(desk.session, CHANGE, None, desk.now)
    asked = await approvals.ask(desk.session, fresh)
    if asked.told_at is not None:
        return
    asked.told_at = desk.now
    await desk.write_down(
        f"{CHANGE}.ask", about, CONFIGURATION, approval=asked.id, added=subject["added"], gone=subject["gone"]
    )
    await alarms.raise_alarm(desk.session, desk.now, ALARM, WAITING)
    facts = {"short": about.partition(":")[2], "added": subject["added"], "gone": subject["gone"]}
    for person in those_who_may(desk, asked):
        ask(desk, asked, person, "second_recipients_change", office_hours=True, **facts)


@agreed(CHANGE)
async def change(request: Request, asked: Approval) -> None:
    """From now on leads are sealed to the new list; what was sealed before is wrapped anew by an officer's client."""
    known = request.around.offered
    if known is None or known.fingerprint != asked.subject["fingerprint"]:
        raise Misunderstood("approval_gone")
    await pinned.pin(request.session, known)
    await alarms.clear_alarm(request.session, request.now, ALARM)
    detail = {"added": asked.subject["added"], "gone": asked.subject["gone"]}
    await request.journal(CHANGE, asked.object, **detail, **both(request, asked))
    names = [
        request.roster.people[one].name for one in [*asked.agreed_by, request.me.id] if one in request.roster.people
    ]
    for holder in asked.subject["added"]:
        await put_to_the_test(request, known, holder)
    facts = {"short": known.short, "names": names}
    request.reply("recipients_agreed", **facts)
    for person in request.roster.with_role(Role.LEAD_OFFICER, Role.AUDITOR):
        if person.id != request.me.id:
            key = f"recipients agreed:{asked.id}:{person.id}"
            request.tell(person.id, "recipients_agreed", key=key, office_hours=True, **facts)
