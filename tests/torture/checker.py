"""One checker after every trial: the database against the invariants, and the log against what was to be expected.

I2  one id, one effect          I5  whoever owes has a step to come       I8  answers count for the own unit only
I4  nothing is stuck in silence I6  no private words in clear             I9  the journal is whole, each act once
"""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import text

from models.journal import verify
from models.store import Store

# Each finds rows that must not be there.
NEVER = {
    "I2: an acknowledgement counted twice": """
        SELECT notice_id, unit_id FROM receipt_events WHERE what IN ('acked', 'withdrawn', 'returned', 'reopened')
        GROUP BY notice_id, unit_id
        HAVING sum(CASE WHEN what = 'acked' THEN 1 ELSE 0 END) > 1 + sum(CASE WHEN what = 'acked' THEN 0 ELSE 1 END)""",
    "I2: an acknowledgement without its event": """
        SELECT r.notice_id, r.unit_id FROM receipts r WHERE r.acked_at IS NOT NULL AND NOT EXISTS (
          SELECT 1 FROM receipt_events e
          WHERE e.notice_id = r.notice_id AND e.unit_id = r.unit_id AND e.what IN ('acked', 'replied', 'done'))""",
    "I2: two reports of one message": """
        SELECT source_message FROM reports WHERE source_message <> '' GROUP BY source_message HAVING count(*) > 1""",
    "I4: a message failed without an alarm": """
        SELECT o.id FROM outbox o WHERE o.state = 'failed' AND NOT EXISTS (
          SELECT 1 FROM alarms a WHERE a.what = 'failed:' || o.channel || ':' || o.kind)""",
    "I4: a message of unknown fate without an alarm": """
        SELECT o.id FROM outbox o WHERE o.state = 'unknown' AND NOT EXISTS (
          SELECT 1 FROM alarms a WHERE a.what = 'unknown:' || o.id)""",
    "I4: a settled message that is still due": """
        SELECT id FROM outbox WHERE due_at IS NOT NULL AND state IN ('sent', 'cancelled', 'superseded', 'failed')""",
    "I4: a message that waits and is never due": """
        SELECT id FROM outbox WHERE due_at IS NULL AND state IN ('pending', 'claimed')""",
    "I5: a unit owes and nobody will remind it": """
        SELECT r.notice_id, r.unit_id FROM receipts r JOIN notices n ON n.id = r.notice_id
        WHERE n.state = 'open' AND r.done_at IS NULL AND r.acked_at IS NULL AND n.ack_due IS NOT NULL
          AND r.chase_at IS NULL AND n.sheet_at IS NULL""",
    "I6: private words kept in clear": """
        SELECT id FROM inbox WHERE room IS NULL AND text IS NOT NULL""",
    "I6: a lead without its wraps": """
        SELECT l.id FROM leads l WHERE l.erased_at IS NULL AND (
          SELECT count(*) FROM lead_wraps w WHERE w.lead_id = l.id) < 3""",
    "I8: an answer counted for another's unit": """
        SELECT r.notice_id, r.unit_id FROM receipts r JOIN people p ON p.id = r.acked_by
        WHERE r.acked_at IS NOT NULL AND NOT r.proxy AND (p.unit_id IS NULL OR p.unit_id <> r.unit_id)""",
    "I9: a notice sent without its row in the journal, or with two": """
        SELECT n.id FROM notices n WHERE n.issued_at IS NOT NULL AND 1 <> (
          SELECT count(*) FROM journal j WHERE j.object = 'notice:' || n.number AND j.act = 'notice.send')""",
    "a receipt outside its notice's audience, or missing from it": """
        SELECT n.id FROM notices n WHERE n.issued_at IS NOT NULL AND (
          SELECT count(*) FROM receipts r WHERE r.notice_id = n.id) <> {length}""",
    "a message parked": "SELECT id FROM inbox WHERE state = 'parked'",
}
LENGTH = {True: "json_array_length(n.audience)", False: "json_array_length(n.audience::json)"}


async def wrong_in(url: str) -> list[str]:
    """Everything that must not be so in a database that has come to rest."""
    store, found = Store(url), []
    try:
        async with store.read() as session:
            for sentence, query in NEVER.items():
                rows = (await session.execute(text(query.format(length=LENGTH[store.is_sqlite])))).all()
                if rows:
                    found.append(f"{sentence}: {len(rows)}, such as {tuple(rows[0])}")
            if changed := await verify(session):
                found.append(f"I9: the journal's chain is broken at {changed[:5]}")
        if store.is_sqlite:
            found += damage(Path(url.partition(":///")[2]))
    finally:
        await store.close()
    return found


def damage(path: Path) -> list[str]:
    """What SQLite itself finds wrong with the file."""
    with closing(sqlite3.connect(path)) as file:
        said = [str(row[0]) for row in file.execute("PRAGMA integrity_check")]
        said += [f"foreign key {row}" for row in file.execute("PRAGMA foreign_key_check")]
    return [f"integrity_check: {one}" for one in said if one != "ok"]


ALARMS = r"^alarm (raised|over): "
"""What the log says of each alarm; where a trial makes the faults, alarms are what is wanted."""


def undeclared(log: str, *declared: str) -> list[str]:
    """The lines of a log that nobody expected; `declared` are patterns of those that a trial's own faults explain."""
    lines = [line for line in log.splitlines() if line.strip()]
    return [f"log: {line[:200]}" for line in lines if not any(re.search(one, line) for one in declared)][:10]
