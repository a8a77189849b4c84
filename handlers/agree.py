"""同意 and 不同意: the one way for every act that needs more than one person.

1. A verb that needs a second person calls `propose`: the act is written down, and those who may agree are asked.
2. One of them agrees. Nobody agrees twice, to what they asked for themselves, or to what concerns them.
3. When enough have, the function that is marked `@agreed` with the act does it.
"""

from collections.abc import Sequence
from typing import Any

from handlers.registry import ANYONE, PASS, REGISTRY, Misunderstood, NotAllowed, command
from handlers.request import Button, Desk, Request
from models import approvals
from models.approvals import Approval
from models.permissions import SECONDS
from models.roster import Member


def wanted(desk: Desk, act: str) -> bool:
    """Whether this office asks for a second person here."""
    return not SECONDS[act].setting or SECONDS[act].setting in desk.office.second_person


async def propose(
    request: Request,
    act: str,
    object: str,
    template: str,
    *,
    subject: dict[str, Any],
    say: str = "",
    **facts: Any,
) -> None:
    """Ask the others for their consent. `say` are the words that agree where the number of the question is not enough."""
    second = SECONDS[act]
    fresh = Approval(
        act=act,
        object=object,
        asked_by=request.me.id,
        asked_at=request.now,
        who=sorted(second.who),
        needs=second.needs,
        subject=subject,
    )
    others = those_who_may(request, fresh)
    if len(others) < second.needs:
        raise NotAllowed("second_nobody", word=request.word)
    asked = await approvals.ask(request.session, fresh)
    if asked.told_at is None:
        asked.told_at = request.now
        await request.journal(f"{act}.ask", object, approval=asked.id)
    for person in others:
        ask(request, asked, person, template, say=say, asker=request.me.name, **facts)
    request.reply("second_asked", names=[person.name for person in others])


def ask(desk: Desk, asked: Approval, person: Member, template: str, *, say: str = "", **facts: Any) -> None:
    """One of those who may agree is told what is asked, and how to answer."""
    buttons = [Button(say or f"同意 {asked.id}", "同意"), Button(f"不同意 {asked.id}", "不同意")]
    key = f"approval:{asked.id}:{person.id}"
    desk.tell(person.id, template, key=key, asked=asked, buttons=buttons, **facts)


def those_who_may(desk: Desk, asked: Approval) -> list[Member]:
    """Whoever has the role, less those whom it cannot be: who asked, whom it concerns, who has agreed already."""
    out = {asked.asked_by, asked.about, *asked.agreed_by}
    return [p for p in desk.roster.people.values() if not p.roles.isdisjoint(asked.who) and p.id not in out]


def both(request: Request, asked: Approval) -> dict[str, Any]:
    """Who asked and who agreed, the last of them just now, for the journal."""
    return {"asked_by": asked.asked_by, "agreed_by": [*asked.agreed_by, request.me.id], "approval": asked.id}


@command("同意", who=ANYONE, hidden=True)
async def agree(request: Request, rest: str) -> str | None:
    """同意 编号：同意另一个人要办的事（要两个人办的）"""
    asked = await _meant(request, rest)
    if asked is None:
        return PASS
    await consent(request, [asked])
    return None


@command("不同意", who=ANYONE, hidden=True)
async def disagree(request: Request, rest: str) -> str | None:
    """不同意 编号：不同意，这件事就不办"""
    asked = await _meant(request, rest)
    if asked is None:
        return PASS
    if request.me.roles.isdisjoint(asked.who):
        raise NotAllowed("not_allowed", word=request.word)
    asked.end("refused", request.now)
    await request.journal(f"{asked.act}.refuse", asked.object, approval=asked.id)
    if asked.asked_by in request.roster.people and asked.asked_by != request.me.id:
        request.tell(asked.asked_by, "second_refused", key=f"refused:{asked.id}", name=request.me.name)
    request.reply("second_declined")
    return None


async def consent(request: Request, waiting: Sequence[Approval]) -> None:
    """Agree to the first of `waiting` that somebody else asked for; the last consent that it needs does it."""
    if not waiting:
        raise Misunderstood("approval_gone")
    if all(request.me.roles.isdisjoint(one.who) for one in waiting):
        raise NotAllowed("not_allowed", word=request.word)
    asked = next((one for one in waiting if request.me in those_who_may(request, one)), None)
    if asked is None:
        raise Misunderstood("approval_own")
    left = asked.needs - len(asked.agreed_by) - 1
    if left > 0:
        await request.journal(f"{asked.act}.agree", asked.object, approval=asked.id)
        request.reply("second_more", left=left)
    else:
        await REGISTRY.agreed[asked.act](request, asked)  # which may still refuse, and then nothing has been agreed to
        asked.end("done", request.now)
    asked.agreed_by = [*asked.agreed_by, request.me.id]


async def _meant(request: Request, rest: str) -> Approval | None:
    """The approval that a number names, else the one that waits for this person; None when these words were not meant
    for it."""
    if not request.incoming.private or (rest and not rest.isdecimal()):
        return None
    if rest:
        named = await approvals.by_id(request.session, int(rest)) if len(rest) < 10 else None
        if named is None or not named.open_at(request.now):
            raise Misunderstood("approval_gone")
        return named
    found = await approvals.waiting(request.session, request.now)
    mine = [one for one in found if request.me in those_who_may(request, one)]
    if len(mine) > 1:  # one bare word must not decide what somebody did not mean
        raise Misunderstood("second_which", word=request.word, numbers=[one.id for one in mine])
    return next(iter(mine), None)
