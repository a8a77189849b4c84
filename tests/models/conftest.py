"""What every test of the tables wants: an open database of each kind."""

from collections.abc import AsyncIterator

import pytest

from models.store import Store


@pytest.fixture
async def store(database: str) -> AsyncIterator[Store]:
    opened = Store(database)
    await opened.open()
    yield opened
    await opened.close()
