"""`shoudao check` against a platform on loopback: each fault that people make is named, with the page to open."""

from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import fake_wecom_app as app_side
import pytest
from aiohttp import web
from fake_wecom_bot import BOT_ID, SECRET, FakeBot

from bot.channels.wecom.checks import Known, findings
from bot.channels.wecom.keeper import State
from bot.channels.wecom.look import look
from bot.channels.wecom.settings import WeComSection
from bot.clock import SystemClock
from models.store import Store


def now():
    """Compared with the Date that a real server answers at that moment."""
    return SystemClock().now()


NOBODY = "127.0.0.1:9"


class Platform:
    def __init__(self):
        self.fake = FakeBot(groups={"wr1": "hook-1"}, spoken={"wr1"})
        self.app = app_side.FakeWecomApp()
        self.app.members = {f"u{n:03}": {} for n in range(1, 30)}
        self.people = 60

    async def members(self, _):
        return web.json_response({"errcode": 0, "userlist": [{"userid": f"u{n}"} for n in range(self.people)]})


@asynccontextmanager
async def platform():
    one = Platform()
    server = web.Application()
    one.fake.add_to(server)
    for route in list(one.app.app().router.routes()):
        server.router.add_route("*", route.resource.canonical, route.handler)
    server.router.add_get("/cgi-bin/user/simplelist", one.members)
    runner = web.AppRunner(server, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    one.fake.base = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield one
    finally:
        await runner.cleanup()


def section(one, **changes):
    values = {
        "api": one.fake.base,
        "bot": {"bot_id": BOT_ID, "secret": SECRET, "url": one.fake.socket_url},
        "app": {"corp_id": app_side.CORP, "agent_id": app_side.AGENT, "secret": app_side.SECRET},
        "room": [{"id": "members", "name": "成员单位群", "chat_id": "wr1", "push_key": "hook-1"}],
    }
    for name, change in changes.items():
        values[name] = values[name] | change if isinstance(change, dict) else change
    return WeComSection(**values)


def known(**changes):
    values = {"chats": {"members": "wr1"}, "liaisons": {"市水利局": "u018", "市公安局": "u007"}, "opened": 2}
    return Known(**values | changes)


async def wrong(one, configured=None, knows=None, staff=None, at=None):
    found = await findings(
        configured or section(one), knows or known(), staff or {"经办": "u001"}, at or now(), running=False
    )
    return [one.sentence for one in found if one.wrong]


async def test_a_right_configuration_has_nothing_wrong_and_nothing_is_posted():
    async with platform() as one:
        assert await wrong(one) == []
        assert one.fake.posts == [] and one.app.delivered == []


def room(**changes):
    return [{"id": "members", "name": "成员单位群", "chat_id": "wr1", "push_key": "hook-1"} | changes]


FAULTS = {
    "the bot's secret is wrong": (lambda one: {"configured": section(one, bot={"secret": "no"})}, "853000", "API 模式"),
    "the app's secret is wrong": (lambda one: {"configured": section(one, app={"secret": "no"})}, "40001", "Secret"),
    "the corp id is wrong": (lambda one: {"configured": section(one, app={"corp_id": "wwno"})}, "40013", "我的企业"),
    "the push key is wrong": (lambda one: {"configured": section(one, room=room(push_key="no"))}, "93000", "消息推送"),
    "a room has no push key": (lambda one: {"configured": section(one, room=room(push_key=""))}, "不能@所有人", "添加"),
    "a room has no chat id": (lambda one: {"knows": known(chats={})}, "还没有 chat_id", "本群是 成员单位群"),
    "a liaison has no userid": (
        lambda one: {"knows": known(liaisons={"市水利局": "王 主任"})},
        "市水利局",
        "通讯录→成员→账号",
    ),
    "a liaison is not in the directory": (
        lambda one: {"knows": known(liaisons={"市水利局": "u999"})},
        "市水利局（u999）",
        "可见范围",
    ),
    "somebody of the office has no userid": (lambda one: {"staff": {"经办": ""}}, "经办 没有填 wecom", "通讯录"),
    "the clock is fast": (lambda one: {"at": now() + timedelta(minutes=5)}, "本机时钟快5分钟", "NTP"),
    "the clock is slow": (lambda one: {"at": now() - timedelta(minutes=9)}, "本机时钟慢9分钟", "NTP"),
    "the api is not there": (lambda one: {"configured": section(one, api=f"http://{NOBODY}")}, NOBODY, "proxy"),
    "the socket is not there": (
        lambda one: {"configured": section(one, bot={"url": f"ws://{NOBODY}"})},
        NOBODY,
        "[wecom.bot] url",
    ),
    "there is no such ca file": (
        lambda one: {"configured": section(one, ca_file=Path("/nowhere/ca.pem"))},
        "/nowhere/ca.pem",
        "ca_file",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
async def test_each_planted_fault_is_named_with_its_page(name):
    plant, what, page = FAULTS[name]
    async with platform() as one:
        said = await wrong(one, **plant(one))
        assert any(what in sentence and page in sentence for sentence in said), said
        if "not there" not in name:
            assert len(said) == 1, said


SAID_BY_THE_PLATFORM = {
    "our address is not on the list": ("可信IP", "60020"),
    "the group was never spoken in": ("成员单位群", "93006"),
    "the bot was removed from the group": ("重新添加", "93008"),
    "the company is small": ("创建者", "10人"),
}


@pytest.mark.parametrize("name", SAID_BY_THE_PLATFORM)
async def test_what_only_the_platform_knows_is_named_too(name):
    """O-18."""
    async with platform() as one:
        match name:
            case "our address is not on the list":
                one.app.plan("/cgi-bin/agent/get", app_side.Fault("errcode", 60020))
            case "the group was never spoken in":
                one.fake.spoken.clear()
            case "the bot was removed from the group":
                one.fake.fault("aibot_send_msg", 93008)
            case _:
                one.people = 7
        [sentence] = await wrong(one)
        assert all(part in sentence for part in SAID_BY_THE_PLATFORM[name]), sentence


async def test_a_bot_by_callback_address_needs_to_know_its_groups_too():
    async with platform() as one:
        callback = {"token": "t", "aes_key": "a" * 43, "name": "小收"}
        configured = WeComSection(**section(one, bot={}).model_dump() | {"bot": None, "bot_callback": callback})
        [sentence] = await wrong(one, configured, known(chats={}))
        assert "@小收 本群是 成员单位群" in sentence


async def test_ten_faults_at_once_are_all_named():
    async with platform() as one:
        one.people = 3
        one.fake.spoken.clear()
        rooms = [
            *room(push_key="no"),
            {"id": "counties", "name": "县区群", "chat_id": "wr2", "push_key": ""},
            {"id": "third", "name": "第三群", "chat_id": "", "push_key": "hook-1"},
        ]
        said = await wrong(
            one,
            section(one, room=rooms),
            known(chats={"members": "wr1", "counties": "wr2"}, liaisons={"市水利局": "王 主任", "市公安局": "u999"}),
            {"经办": ""},
            now() + timedelta(minutes=3),
        )
        assert len(said) == 10, "\n".join(said)


async def test_while_the_service_runs_its_connection_is_left_alone(tmp_path):
    store = Store(f"sqlite+aiosqlite:///{tmp_path / 'x.sqlite3'}")
    await store.open()
    async with platform() as one:
        found = await look(store, section(one), {"经办": "u001"}, now(), state=State.TAKEN)
        assert one.fake.subscribes == 0
        assert any("顶掉" in line.sentence and line.wrong for line in found)
    await store.close()
