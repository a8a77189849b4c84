"""What a unit has still to send of the pieces that a notice demands, by all its reports to it so far."""

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from models.receipts import TABLE
from models.reports import Report
from models.rules.demands import Demand, Sent, missing, read_demands


async def left(session: AsyncSession, notice_id: int, unit_id: int, notice_text: str) -> list[Demand]:
    demands = read_demands(notice_text)
    if not demands:
        return []
    query = select(Report.text, Report.photos).where(
        Report.notice_id == notice_id, Report.unit_id == unit_id, Report.withdrawn.is_(False)
    )
    return missing(demands, [Sent(text, len(photos)) for text, photos in await session.execute(query)])


async def keep_lacking(session: AsyncSession, notice_id: int, unit_id: int, words: str) -> None:
    """Write down what is missing, for whoever asks."""
    here = (TABLE.c.notice_id == notice_id) & (TABLE.c.unit_id == unit_id)
    await session.execute(update(TABLE).where(here).values(lacking=words))
