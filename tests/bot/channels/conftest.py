"""A simulator's door for each test: on SQLite for the mass, on both databases for what storing decides."""

from collections.abc import AsyncIterator
from pathlib import Path

import door as doors
import pytest


def _no_errors(caplog: pytest.LogCaptureFixture) -> None:
    wrong = [r.getMessage() for r in caplog.records if r.levelname in ("ERROR", "CRITICAL") or r.exc_info]
    assert not wrong, wrong


@pytest.fixture
async def door(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> AsyncIterator[doors.Door]:
    async with doors.opened(tmp_path / "data") as opened:
        yield opened
    _no_errors(caplog)


@pytest.fixture
async def any_door(database: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> AsyncIterator[doors.Door]:
    async with doors.opened(tmp_path / "data", database) as opened:
        yield opened
    _no_errors(caplog)
