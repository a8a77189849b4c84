"""Files that belong to reports, as they came."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ForeignKey, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, BigId
from models.reports import Report


class ReportFile(Base):
    """`name` is that of the file in the media folder, `title` what its sender called it."""

    __tablename__ = "report_files"

    id: Mapped[int] = mapped_column(BigId, primary_key=True, init=False)
    report_id: Mapped[int] = mapped_column(ForeignKey("reports.id"), index=True)
    name: Mapped[str] = mapped_column(index=True)
    title: Mapped[str]
    size: Mapped[int]
    at: Mapped[datetime]
    source_message: Mapped[str] = mapped_column(default="")


async def of_reports(session: AsyncSession, report_ids: Sequence[int]) -> dict[int, list[ReportFile]]:
    found: dict[int, list[ReportFile]] = {r: [] for r in report_ids}
    query = select(ReportFile).where(ReportFile.report_id.in_(report_ids)).order_by(ReportFile.id)
    for file in await session.scalars(query):
        found[file.report_id].append(file)
    return found


async def last_of(session: AsyncSession, by: str) -> ReportFile | None:
    """The file that this person added last to a report that counts."""
    query = select(ReportFile).join(Report, Report.id == ReportFile.report_id)
    query = query.where(Report.by == by, Report.withdrawn.is_(False)).order_by(ReportFile.id.desc()).limit(1)
    return (await session.execute(query)).scalar_one_or_none()


async def shown(session: AsyncSession, name: str) -> ReportFile | None:
    """The file as some report that counts has it."""
    query = select(ReportFile).join(Report, Report.id == ReportFile.report_id)
    query = query.where(ReportFile.name == name, Report.withdrawn.is_(False)).order_by(ReportFile.id).limit(1)
    return (await session.execute(query)).scalar_one_or_none()


async def is_kept(session: AsyncSession, name: str) -> bool:
    """Whether any report, withdrawn ones included, has this file."""
    return (await session.execute(select(ReportFile.id).where(ReportFile.name == name).limit(1))).first() is not None
