"""Roles are given by the configuration; what makes somebody more powerful waits until the auditor agrees."""

from handlers.agree import ask, both, those_who_may
from handlers.registry import agreed
from handlers.request import Desk, Request
from models import approvals, posts
from models.approvals import Approval
from models.people import Role
from models.posts import ASSIGN


async def tell_waiting(desk: Desk) -> None:
    """Ask those who may agree to what the configuration has newly asked for."""
    for asked in await approvals.waiting(desk.session, desk.now):
        if asked.act != ASSIGN or asked.told_at is not None:
            continue
        asked.told_at = desk.now
        said = {name: asked.subject[name] for name in ("roles", "account", "name", "before")}
        for person in those_who_may(desk, asked):
            ask(desk, asked, person, "second_roles_assign", office_hours=True, **said)


@agreed(ASSIGN)
async def assign(request: Request, asked: Approval) -> None:
    """The post is theirs from now on, and the auditors hear of it."""
    await posts.assign(request.session, asked)
    detail = {"before": asked.subject["before"], "roles": asked.subject["roles"]}
    await request.journal(ASSIGN, asked.object, **detail, **both(request, asked))
    facts = {"name": asked.subject["name"], "person": asked.about}
    request.reply("roles_agreed", **facts)
    for person in request.roster.with_role(Role.AUDITOR, Role.HEAD):
        if person.id != request.me.id:
            key = f"roles agreed:{asked.id}:{person.id}"
            request.tell(person.id, "roles_agreed", key=key, office_hours=True, **facts)
