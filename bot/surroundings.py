"""What handlers are handed that outlives a transaction: the roster and the calendar, loaded again when they change."""

from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession

from bot.channels import Doors
from handlers.request import Photos, Surroundings, Words
from models.days import load_calendar
from models.freezing import FROZEN
from models.holidays import named
from models.marks import read_marks
from models.office import Office
from models.pinned import FINGERPRINT
from models.pseudonyms import Pseudonyms
from models.roster import load_roster
from models.sealing import Recipients

YEARS = range(2024, 2040)
CHANGES = ("roster", "days", FINGERPRINT, FROZEN)


class Around:
    """Gives each transaction the Surroundings as they stand; reads one row to know that nothing has changed."""

    def __init__(
        self,
        office: Office,
        words: Words,
        doors: Doors,
        photos: Photos,
        recipients: Recipients | None,
        names: Pseudonyms,
    ) -> None:
        self.office, self.words, self.doors, self.photos, self.recipients = office, words, doors, photos, recipients
        self.names = names
        self._held: Surroundings | None = None
        self._versions: dict[str, str] = {}

    @property
    def roster_version(self) -> int:
        """The roster that the last transaction saw; -1 before the first."""
        return -1 if self._held is None else self._held.roster.version

    async def load(self, session: AsyncSession) -> Surroundings:
        versions = await read_marks(session, CHANGES)
        if self._held is None or versions != self._versions:
            holidays: dict[date, str] = {}
            for year in YEARS:
                holidays.update(named(year))
            self._held = Surroundings(
                office=self.office,
                calendar=await load_calendar(session, self.office.zone, self.office.hours),
                holidays=holidays,
                roster=await load_roster(session),
                words=self.words,
                doors=self.doors,
                photos=self.photos,
                recipients=self.recipients if self._agreed(versions) else None,
                offered=self.recipients,
                names=self.names,
                frozen=bool(versions.get(FROZEN)),
            )
            self._versions = versions
        return self._held

    def _agreed(self, versions: dict[str, str]) -> bool:
        """Whether the list that the configuration pins is the one that two officers have agreed to."""
        return self.recipients is not None and versions.get(FINGERPRINT) == self.recipients.fingerprint
