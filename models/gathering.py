"""What one transaction has gathered to write, each kind of row with one statement.

A burst of a thousand 收到 is a handful of transactions and a handful of statements: a handler on the hot path adds
rows here, and dispatch writes them before it commits, or before it runs a handler that wants to query.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from models import answer_addresses, inbox, outbox, receipts
from models.incoming import Incoming


class Gathering:
    """Rows waiting to be written, and the receipts that were read for this batch."""

    def __init__(self, session: AsyncSession) -> None:
        self.session, self._info = session, session.info
        self.inbox: list[dict[str, Any]] = []
        self.outbox: list[dict[str, Any]] = []
        self.events: list[dict[str, Any]] = []
        self.answer_at: list[Mapping[str, Any]] = []
        self.acks: dict[tuple[int, int], dict[str, Any]] = {}
        self.changed: set[int] = set()
        self.presses: list[Incoming] = []
        self.worded: dict[Any, str] = {}  # what was said in this transaction and reads alike for many
        self.flushed = 0  # how often rows of handlers were written before the end
        self._owed: dict[int, list[Any]] = {}
        self._brief: dict[int, list[receipts.Brief]] = {}
        self._numbered: dict[tuple[int, int], Any] = {}

    async def prepare(self, units: Collection[int], pairs: Iterable[tuple[int, int]]) -> None:
        """Read ahead, with one statement each, what the acks of a batch will ask for: of a unit, what it owes in brief
        and the newest of it in full."""
        self._brief |= await receipts.owed_brief(self.session, [u for u in units if u not in self._brief])
        newest = {(_newest(self._brief[unit]), unit) for unit in units if self._brief[unit]}
        wanted = {*pairs, *newest}
        self._numbered |= await receipts.of_numbers(self.session, [p for p in wanted if p not in self._numbered])

    async def owed(self, unit: int) -> list[Any]:
        """The open notices that a unit still owes as far as this transaction knows, newest first."""
        if unit not in self._owed:
            self._owed |= await receipts.owed_by_units(self.session, [unit])
        return [row for row in self._owed[unit] if not self._finished(row.notice_id, unit)]

    async def unfinished(self, unit: int) -> list[int]:
        """The numbers of the same."""
        return [number for notice, number, _ in await self._brief_of(unit) if not self._finished(notice, unit)]

    async def unacked(self, unit: int) -> list[int]:
        """Of these, the numbers that the unit has not even acknowledged."""
        brief = await self._brief_of(unit)
        return [number for notice, number, acked in brief if not acked and (notice, unit) not in self.acks]

    async def _brief_of(self, unit: int) -> list[receipts.Brief]:
        if unit not in self._brief:
            await self.prepare([unit], [])
        return self._brief[unit]

    def _finished(self, notice: int, unit: int) -> bool:
        ack = self.acks.get((notice, unit))
        return ack is not None and ack["done_at"] is not None

    async def numbered(self, number: int, unit: int) -> Any | None:
        if (number, unit) not in self._numbered:
            await self.prepare([], [(number, unit)])
        return self._numbered.get((number, unit))

    def acked(self, notice_id: int, unit_id: int) -> dict[str, Any] | None:
        """What this transaction has already decided about a receipt."""
        return self.acks.get((notice_id, unit_id))

    def note_address(self, incoming: Incoming) -> None:
        """Keep where this message may be answered, if its platform said so."""
        if incoming.answer_at is not None:
            self.answer_at.append(incoming.answer_at)

    @property
    def waiting(self) -> bool:
        """Whether something has been gathered that a query would not see."""
        return bool(self.acks or self.events or self.outbox)

    def mark(self) -> tuple[int, ...]:
        """How much stands now, for `changed_since`."""
        changes = self._info.get("changes", 0)
        return len(self.outbox), len(self.events), len(self.acks), self.flushed, changes

    def changed_since(self, mark: tuple[int, ...]) -> bool:
        """Whether a handler has changed anything since `mark`."""
        dirty = any(self.session.is_modified(one) for one in self.session.dirty)
        return self.mark() != mark or bool(self.session.new or self.session.deleted) or dirty

    async def flush(self) -> None:
        """Write what was gathered; what was read ahead is forgotten, for others may change it now."""
        self.flushed += self.waiting
        await receipts.write_acks(self.session, list(self.acks.values()))
        await receipts.add_events(self.session, self.events)
        await outbox.add_rows(self.session, self.outbox)
        await inbox.add_rows(self.session, self.inbox)
        await answer_addresses.add_rows(self.session, self.answer_at)
        self.acks, self.events, self.outbox, self.inbox, self.answer_at = {}, [], [], [], []
        self._owed, self._brief, self._numbered = {}, {}, {}


def _newest(owed: list[receipts.Brief]) -> int:
    """The number of the newest that is not acknowledged, else of the newest."""
    return next((number for _, number, acked in owed if not acked), owed[0][1])
