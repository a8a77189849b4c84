"""The table of permissions, every cell: through the registry, and through the routes as they answer a token."""

import re

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from pydantic import SecretStr
from world import World

from bot.console.access import grants, sentences
from bot.console.api import Api
from bot.console.leads import LeadDesk
from bot.settings import Token
from handlers.registry import load
from models.people import Role
from models.permissions import CELLS, COMMANDS, OPEN_ROUTES, ROLES, ROUTES, may, may_fetch, may_say

REGISTRY = load()
BY_NAME = {command.name: command for command in REGISTRY.commands}


def test_every_command_has_a_row_and_every_row_a_command() -> None:
    assert sorted(BY_NAME) == sorted(COMMANDS)


@pytest.mark.parametrize("column", [c for c in ROLES if ROLES[c]])
@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_a_command_is_open_to_whom_its_row_says(command: str, column: str) -> None:
    declared = BY_NAME[command].who
    for role in ROLES[column]:
        if CELLS[COMMANDS[command]][column] not in ("-", "key"):
            assert role in declared, f"{role} may {COMMANDS[command]}, but {command} does not let them"
        else:
            assert role not in declared, f"{role} may not {COMMANDS[command]}, but {command} lets them"


@pytest.mark.parametrize("act", sorted(CELLS))
def test_no_act_gives_the_administrator_a_leads_text_or_anybody_the_journals_change(act: str) -> None:
    if act in ("fetch lead ciphertext", "read lead text", "move lead"):
        assert may(act) <= {Role.LEAD_OFFICER}
    if act == "change journal":
        assert not may(act)


def _application(world: World, role: Role) -> web.Application:
    app = web.Application(middlewares=[sentences])
    known = grants([Token(token=SecretStr("t"), role=role)])
    Api(world.demo.bot, known).add_to(app)
    LeadDesk(world.demo.bot, known).add_to(app)
    return app


def _routes(app: web.Application) -> set[str]:
    found = set()
    for route in app.router.routes():
        path = re.sub(r"\{(\w+):[^}]*\}", r"{\1}", route.resource.canonical if route.resource else "")
        if route.method != "HEAD":
            found.add(f"{route.method} {path}")
    return {one for one in found if one.split()[1] not in OPEN_ROUTES}


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_every_route_has_a_row_and_answers_each_role_as_it_says(office: World) -> None:
    (await office.says("u018", "线索 某地有人开赌场")).all_to()
    for role in Role:
        app = _application(office, role)
        assert _routes(app) == set(ROUTES)
        async with TestClient(TestServer(app)) as client:
            for route in ROUTES:
                method, path = route.split()
                address = path.replace("{number}", "1").replace("{name}", "x.jpg").replace("{lead}", "L-0001")
                answer = await client.request(method, address, headers={"Authorization": "Bearer t"}, json={})
                assert (answer.status != 403) is (role in may_fetch(route)), (role, route, answer.status)
                without = await client.request(method, address, json={})
                assert without.status == 401


@pytest.mark.parametrize("name", ["nobody.knows", ""])
def test_what_has_no_row_is_nobodys(name: str) -> None:
    with pytest.raises(KeyError):
        may_say(name)
    with pytest.raises(KeyError):
        may_fetch(name)


async def test_own_is_own_lead_and_own_unit_only(office: World) -> None:
    (await office.says("u018", "线索 某地有人开赌场")).all_to()
    for person, seen in (("u018", True), ("u019", False), ("clerk", False), ("head", False), ("auditor", False)):
        answer = (await office.says(person, "查 L-0001")).to(person).text
        assert ("登记" in answer) is seen
