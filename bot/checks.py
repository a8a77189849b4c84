"""`shoudao check`: what is wrong with the configuration, the database and the doors, and how to mend it."""

import os
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from bot import service, start_faults
from bot.app import locked
from bot.channels.wecom.look import look
from bot.clock import SystemClock
from bot.recipients import RecipientsError
from bot.settings import Settings
from models.days import load_calendar
from models.roster import load_roster
from models.store import Store

PATIENCE = aiohttp.ClientTimeout(total=60)  # a service that looks at its doors may wait for the platform


@dataclass(frozen=True)
class Finding:
    """One line of the report."""

    sentence: str
    wrong: bool = False


async def findings(settings: Settings) -> list[Finding]:
    """Look at everything; a running service is asked, its database is not opened beside it."""
    found = [Finding("配置能读")]
    found += _people(settings)
    found += _doors(settings)
    found += _leads(settings)
    found += _backup(settings)
    found += await _running(settings) or await _database(settings)
    return found


def _people(settings: Settings) -> list[Finding]:
    roles = {role for person in settings.office.person for role in person.roles}
    found = []
    if "clerk" not in roles:
        found.append(Finding("没有经办：请在 [[office.person]] 里给至少一人 clerk 角色", wrong=True))
    ids = {person.id for person in settings.office.person}
    for person in settings.alarm.people:
        if person not in ids:
            found.append(Finding(f"[alarm] people 里的 {person} 不在 [[office.person]] 里", wrong=True))
    return found or [Finding("办公室人员已配置")]


def _doors(settings: Settings) -> list[Finding]:
    found = []
    if not settings.room:
        found.append(Finding("没有群：请加 [[wecom.room]]，写明 id、name 和 audience", wrong=True))
    if not settings.wecom.in_use:
        found.append(Finding("没有通道：请填 [wecom.bot] 或 [wecom.app]，否则助手听不到也说不出", wrong=True))
    for room in settings.room:
        if not room.audience:
            found.append(Finding(f"群“{room.name}”没有写 audience：只有名单“所在群”里写了它的单位在内"))
    return found or [Finding(f"通道和{len(settings.room)}个群已配置")]


def _leads(settings: Settings) -> list[Finding]:
    try:
        known = service.officers(settings)
    except RecipientsError as fault:
        return [Finding(f"线索：{fault}", wrong=True)]
    if known is None:
        return [Finding("线索：没有填 [leads] fingerprint，不收线索；要收请先运行 shoudao lead keygen")]
    officers = {person.id for person in settings.office.person if "lead_officer" in person.roles}
    found = [Finding(f"线索可收：{len(known.officers)}名专员，指纹 {known.short}")]
    if strangers := sorted(set(known.officers) - officers):
        said = f"{'、'.join(strangers)} 在接收人名单里，却没有 lead_officer 角色，收不到新线索的提醒"
        found.append(Finding(said, wrong=True))
    return found


def _backup(settings: Settings) -> list[Finding]:
    if settings.backup_plan is None:
        return [Finding("数据库是 PostgreSQL：请自己安排 pg_dump，办法见 README")]
    if not settings.backup.recipients:
        return [Finding("没有每夜备份：请运行 shoudao backup --new-key 文件，把公钥填入 [backup] recipients")]
    return [Finding(f"每夜{settings.backup.at}备份到 {settings.backup.dir}，留{settings.backup.keep}份")]


async def _running(settings: Settings) -> list[Finding]:
    """What the running service says of itself; nothing where none runs."""
    path = service.socket_path(settings.data.dir)
    if not path.exists():
        return []
    try:
        async with (
            aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(path)), timeout=PATIENCE) as client,
            client.post("http://control/check", json={}) as response,
        ):
            doors = (await response.json()).get("doors", [])
    except aiohttp.ClientConnectorError:
        return []  # left behind by a service that was killed
    except (aiohttp.ClientError, TimeoutError):
        return [Finding("服务正在运行，却没有应答：请看它的日志", wrong=True)]
    said = [Finding(str(found["sentence"]), bool(found["wrong"])) for found in doors]
    return [Finding("服务正在运行"), *await _ready(settings.web.listen), *said]


async def _ready(listen: str) -> list[Finding]:
    try:
        async with (
            aiohttp.ClientSession(timeout=PATIENCE) as client,
            client.get(f"http://{_reachable(listen)}/readyz") as response,
        ):
            answer = await response.json()
            reasons = [str(reason) for reason in answer["reasons"]]
    except (aiohttp.ClientError, TimeoutError, ValueError, KeyError):
        return [Finding(f"服务的地址 {listen} 没有应答：请核对 [web] listen 是否在启动后改过", wrong=True)]
    return [Finding(f"服务说：{reason}", wrong=True) for reason in reasons] or [Finding("服务一切正常")]


def _reachable(listen: str) -> str:
    """An address that one can connect to, for one that stands for all of them."""
    host, _, port = listen.rpartition(":")
    return f"127.0.0.1:{port}" if host in {"0.0.0.0", "::", "[::]", "*"} else listen  # noqa: S104  # not listened on here


async def _database(settings: Settings) -> list[Finding]:
    """The database as the next start will find it: opened and, if it is older than the program, brought up to date."""
    folder, store = settings.data.dir, Store(settings.database_url)
    if not folder.exists() and (missing := _new_folder(folder)) and (store.is_sqlite or missing.wrong):
        return [missing]
    if folder.exists() and not os.access(folder, os.W_OK | os.X_OK):
        return [Finding(f"数据目录 {folder} 写不进去：请核对它归谁所有", wrong=True)]
    try:
        async with locked(folder):
            await store.open()
            async with store.read() as session:
                roster = await load_roster(session)
                office = settings.as_office()
                calendar = await load_calendar(session, office.zone, office.hours)
            staff = {person.name: person.wecom for person in settings.office.person}
            doors = await look(store, settings.wecom, staff, SystemClock().now())
    except Exception as fault:
        said = start_faults.sentence(fault, listen=settings.web.listen, folder=folder)
        if said is None:
            raise
        return [Finding(said, wrong=True)]
    finally:
        await store.close()
    wecom = [Finding(one.sentence, one.wrong) for one in doors]
    if not roster.units:
        return [Finding("数据库正常，还没有名单：请运行 shoudao roster import 名单.xlsx", wrong=True), *wecom]
    found = [*wecom, Finding(f"数据库正常；名单里有{len(roster.units)}个单位")]
    silent = [u.name for u in roster.units.values() if u.id not in roster.liaisons]
    if silent:
        found.append(Finding(f"这些单位没有联络员：{'、'.join(silent)}", wrong=True))
    found.append(Finding(f"放假安排已有到{max(calendar.covered)}年；其后按周一至周五计"))
    return found


def _new_folder(folder: Path) -> Finding:
    """Whether the first start can make the data folder."""
    parent = next(place for place in folder.absolute().parents if place.exists())
    if os.access(parent, os.W_OK | os.X_OK) and parent.is_dir():
        return Finding(f"数据目录 {folder} 还没有，首次运行会建立")
    return Finding(f"数据目录 {folder} 还没有，也建不了：请核对 [data] dir", wrong=True)
