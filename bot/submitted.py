"""One message on its way into the ledger, and what its door may be told of it."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from models.incoming import Incoming


class Conflict(Exception):
    """The same id came with other content; the first stands."""


class NotStored(Exception):
    """It could not be kept, and nothing was done: the door must not answer as if it had been. May be sent again."""


class Stored(NamedTuple):
    """What a door may answer: the platform's message id and time, as committed. `fresh` is False for a repetition."""

    message: str
    at: datetime
    fresh: bool = True


@dataclass(eq=False)
class Job:
    """One message waiting for its transaction. Its submitter may be gone by the time it is done."""

    incoming: Incoming
    done: asyncio.Future[Stored] = field(repr=False)

    def end(self, result: Stored | Exception) -> None:
        if self.done.done():
            return
        if isinstance(result, Stored):
            self.done.set_result(result)
        else:
            self.done.set_exception(result)
