"""`shoudao check`: what is wrong with the configuration, the database and the doors, and how to mend it."""

from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError

from bot import service
from bot.recipients import RecipientsError
from bot.settings import Settings
from models.days import load_calendar
from models.roster import load_roster
from models.store import DatabaseDamaged, Store


@dataclass(frozen=True)
class Finding:
    """One line of the report."""

    sentence: str
    wrong: bool = False


async def findings(settings: Settings) -> list[Finding]:
    """Look at everything without changing anything."""
    found = [Finding("配置能读")]
    found += _people(settings)
    found += _leads(settings)
    found += await _database(settings)
    if service.socket_path(settings.data.dir).exists():
        found.append(Finding("服务正在运行"))
    return found


def _people(settings: Settings) -> list[Finding]:
    roles = {role for person in settings.office.person for role in person.roles}
    found = []
    if "clerk" not in roles:
        found.append(Finding("没有经办：请在 [[office.person]] 里给至少一人 clerk 角色", wrong=True))
    if not settings.room:
        found.append(Finding("没有群：请加 [[room]]，写明 id、name 和 audience", wrong=True))
    ids = {person.id for person in settings.office.person}
    for person in settings.alarm.people:
        if person not in ids:
            found.append(Finding(f"[alarm] people 里的 {person} 不在 [[office.person]] 里", wrong=True))
    return found or [Finding("办公室人员和群已配置")]


def _leads(settings: Settings) -> list[Finding]:
    try:
        known = service.officers(settings)
    except RecipientsError as fault:
        return [Finding(f"线索：{fault}", wrong=True)]
    if known is None:
        return [Finding("线索暂不能收：没有填 [leads] fingerprint（用 shoudao lead keygen 生成）", wrong=True)]
    return [Finding(f"线索可收：{len(known.officers)}名专员，指纹 {known.short}")]


async def _database(settings: Settings) -> list[Finding]:
    store = Store(settings.database_url)
    try:
        if store.is_sqlite and not settings.data.dir.exists():
            return [Finding(f"数据目录 {settings.data.dir} 还没有，首次运行会建立")]
        await store.open()
        async with store.read() as session:
            roster = await load_roster(session)
            office = settings.as_office()
            calendar = await load_calendar(session, office.zone, office.hours)
    except DatabaseDamaged as fault:
        return [Finding(f"数据库文件已损坏：{fault}；请从最近的备份恢复", wrong=True)]
    except (SQLAlchemyError, OSError) as fault:
        return [Finding(f"数据库打不开（{type(fault).__name__}）：请检查 [database] url 和 [data] dir", wrong=True)]
    finally:
        await store.close()
    found = [Finding(f"数据库正常；名单里有{len(roster.units)}个单位", wrong=not roster.units)]
    silent = [u.name for u in roster.units.values() if u.id not in roster.liaisons]
    if silent:
        found.append(Finding(f"这些单位没有联络员：{'、'.join(silent)}", wrong=True))
    found.append(Finding(f"放假安排已有到{max(calendar.covered)}年；其后按周一至周五计"))
    return found
