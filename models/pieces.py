"""What a unit has still to send of the pieces that a notice demands, by all its reports to it so far."""

import re

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from models.attachments import ReportFile
from models.receipts import TABLE
from models.reports import Report
from models.rules.demands import Demand, Sent, missing, read_demands

PICTURE = re.compile(r"\.(?:jpe?g|png|heic|webp|bmp)$", re.IGNORECASE)


async def left(session: AsyncSession, notice_id: int, unit_id: int, notice_text: str) -> list[Demand]:
    demands = read_demands(notice_text)
    if not demands:
        return []
    here = (Report.notice_id == notice_id, Report.unit_id == unit_id, Report.withdrawn.is_(False))
    reports = await session.execute(select(Report.text, Report.photos).where(*here))
    files = await session.scalars(select(ReportFile.title).join(Report, Report.id == ReportFile.report_id).where(*here))
    sent = [Sent(text, len(photos)) for text, photos in reports]
    return missing(demands, sent + [Sent(title, int(bool(PICTURE.search(title)))) for title in files])


async def keep_lacking(session: AsyncSession, notice_id: int, unit_id: int, words: str) -> None:
    """Write down what is missing, for whoever asks."""
    here = (TABLE.c.notice_id == notice_id) & (TABLE.c.unit_id == unit_id)
    await session.execute(update(TABLE).where(here).values(lacking=words))
