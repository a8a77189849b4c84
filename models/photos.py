"""Photos that reports show, by the name of their file: who else shows one, and where it stands in a room."""

from collections.abc import Collection

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from models.attachments import ReportFile
from models.inbox import TABLE as INBOX
from models.reports import Report


async def newest_with(session: AsyncSession, *, by: str | None = None, units: Collection[int] = ()) -> Report | None:
    """The last report with photos of a person, or of units."""
    mine = Report.by == by if by is not None else Report.unit_id.in_(units)
    query = select(Report).where(mine, Report.withdrawn.is_(False)).order_by(Report.id.desc()).limit(50)
    return next((report for report in await session.scalars(query) if report.photos), None)


async def is_shown(session: AsyncSession, name: str) -> bool:
    """By any report, withdrawn ones included, or by what was said in a room."""
    reports = await session.scalars(select(Report.photos))
    said = await session.scalars(select(INBOX.c.pictures).where(INBOX.c.room.is_not(None)))
    return any(name in names for names in (*reports, *said))


async def take_from_room(session: AsyncSession, message: str, name: str) -> None:
    """The message that brought it stands there without it."""
    query = select(INBOX.c.id, INBOX.c.pictures).where(INBOX.c.message == message)
    for row in (await session.execute(query)).all():
        left = [one for one in row.pictures if one != name]
        if len(left) < len(row.pictures):
            await session.execute(update(INBOX).where(INBOX.c.id == row.id).values(pictures=left))


async def any_sent(session: AsyncSession, notice_id: int, unit_id: int) -> bool:
    """Whether a unit has sent any photo or file to a notice that counts."""
    here = (Report.notice_id == notice_id, Report.unit_id == unit_id, Report.withdrawn.is_(False))
    if any(await session.scalars(select(Report.photos).where(*here))):
        return True
    files = select(ReportFile.id).join(Report, Report.id == ReportFile.report_id).where(*here).limit(1)
    return (await session.execute(files)).first() is not None
