import json
import random
from datetime import UTC, datetime, timedelta

import pytest

from models.rules.chains import GENESIS, as_line, chain_hash, verify

START = datetime(2026, 11, 18, 7, tzinfo=UTC)


def export(rows: int) -> list[str]:
    lines, prev = [], GENESIS
    for number in range(1, rows + 1):
        row = {
            "at": START + timedelta(seconds=number, microseconds=number),
            "actor": f"u{number:03d}",
            "act": "notice.send",
            "object": f"notice:{number}",
            "detail": {"缘由": "会议", "n": number},
        }
        digest = chain_hash(prev, row["at"], row["actor"], row["act"], row["object"], row["detail"])
        lines.append(as_line(row | {"id": number, "prev": prev, "hash": digest}))
        prev = digest
    return lines


def test_a_whole_journal_is_whole_and_gives_its_head() -> None:
    lines = export(50)
    verdict = verify(lines)
    assert verdict.whole and verdict.rows == 50 and verdict.head == json.loads(lines[-1])["hash"]


@pytest.mark.parametrize("seed", range(100))
def test_a_hundred_of_a_hundred_changed_rows_are_found(seed: int) -> None:
    rand = random.Random(seed)
    lines = export(40)
    at = rand.randrange(40)
    row = json.loads(lines[at])
    column = rand.choice(["at", "actor", "act", "object", "detail", "prev", "hash", "id"])
    changes = {"at": "2026-11-18T08:00:00+00:00", "detail": {"缘由": "别的"}, "id": 0}
    row[column] = changes.get(column, str(row[column]) + "x")
    lines[at] = json.dumps(row)
    verdict = verify(lines)
    assert not verdict.whole
    assert {str(at + 1), str(at + 2), "0"} & set(verdict.broken)


@pytest.mark.parametrize("seed", range(20))
def test_a_row_taken_out_put_in_or_moved_is_found(seed: int) -> None:
    rand = random.Random(seed)
    lines = export(30)
    at = rand.randrange(1, 28)
    kind = rand.choice(["out", "twice", "swapped", "no row"])
    match kind:
        case "out":
            del lines[at]
        case "twice":
            lines.insert(at, lines[at])
        case "swapped":
            lines[at], lines[at + 1] = lines[at + 1], lines[at]
        case _:
            lines.insert(at, "{}")
    assert not verify(lines).whole


def test_a_journal_cut_short_or_written_anew_lacks_the_head_that_the_auditor_holds() -> None:
    lines = export(30)
    head = json.loads(lines[-1])["hash"]
    assert verify(lines, head).passed and verify([*lines, *export(31)[30:]], head).passed
    assert verify(lines[:20], head).whole and not verify(lines[:20], head).passed


def test_nothing_is_whole() -> None:
    assert verify([]).whole and verify([]).head == GENESIS
