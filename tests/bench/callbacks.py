"""Acks by the addresses that 企业微信 posts to: opened, read, stored and answered by `shoudao run`; each is then looked
for in the ledger. The platform that our own messages go to says yes to everything (`yes.py`).

They are measured as those of `acks` are. Beside the rate: a thousand acks that arrive within ten seconds, and
presses of a card while two hundred messages a second come in.
"""

import json
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from acks import refused
from envelopes import AES_KEY, AGENT, CHAT, CORP, TOKEN, Envelope, press, to_app, to_bot
from load import Load, drive
from pacing import Due, arrive
from serving import CLIENT, HERE, Server, copied, free_port, script, started

UNITS, NOTICES = 1000, 25
KEPT = """
    SELECT count(*) FROM (SELECT 1 FROM receipts JOIN receipt_events USING (notice_id, unit_id)
    WHERE receipts.acked_at IS NOT NULL AND what = 'acked' GROUP BY notice_id, unit_id HAVING count(*) = 1)
"""
CARDS = 200
Say = Callable[[str, str, int, int], Envelope]


@dataclass(frozen=True)
class Way:
    """One of the two addresses."""

    name: str
    leg: str
    say: Say
    notices: int = NOTICES

    def seeded(self) -> AbstractContextManager[Path]:
        return seeded(self.notices)

    def served(self, data: Path) -> AbstractContextManager[Server]:
        return service(self, data)

    def check(self, data: Path, answers: Sequence[bytes], failed: Sequence[bytes]) -> str:
        return refused(failed) or check(data, len(answers))

    def wires(self, port: int) -> list[bytes]:
        return [wire for number in range(1, self.notices + 1) for wire in self.answers(port, number)]

    def answers(self, port: int, number: int) -> list[bytes]:
        """Every unit's answer to one notice."""
        at, names = int(time.time()), count((number - 1) * UNITS + 1)
        people = [f"u{unit:03}" for unit in range(1, UNITS + 1)]
        return [self.say(person, f"收 {number}", next(names), at).wire(port, at) for person in people]

    def kept(self, data: Path) -> int:
        """How many answers are in the ledger exactly once."""
        with closing(sqlite3.connect(data / "shoudao.sqlite3")) as file:
            return int(file.execute(KEPT).fetchone()[0])


APP = Way("自建应用, in private", "app", to_app)
BOT = Way("智能机器人, in the group", "bot", to_bot)


@contextmanager
def seeded(notices: int = NOTICES) -> Iterator[Path]:
    """A thousand units that owe an answer to each of so many notices since just now, and cards that some of them were sent."""
    with TemporaryDirectory(prefix="shoudao-bench-") as place:
        folder = Path(place) / "data"
        now = datetime.now(UTC)
        script("seeding.py", str(folder), str(UNITS), str(notices), now.isoformat())
        with closing(sqlite3.connect(folder / "shoudao.sqlite3")) as file:
            for number in range(1, CARDS + 1):
                file.execute(
                    "INSERT INTO outbox (key, kind, channel, body, created_at, person, buttons, mentions, send_class,"
                    " office_hours, wants, notice_id, attempts, state, provider_id, sent_at, reason) VALUES"
                    " (?, 'chase', 'wecom', '请签收', :now, ?, ?, '[]', 'at_least_once', 0, '[]', 1, 1, 'sent', ?,"
                    " :now, '')".replace(":now", "datetime('now')"),
                    (f"card {number}", f"u{number:03}", json.dumps([{"key": "收 1", "text": "收到"}]), f"c{number}"),
                )
            file.commit()
        yield folder


def configured(way: Way, data: Path, port: int, platform: int) -> Path:
    """The configuration of `shoudao run` over a folder's data, with the platform at another port."""
    keys = f'token = "{TOKEN}"\naes_key = "{AES_KEY}"\n'
    legs = f'[wecom.app]\ncorp_id = "{CORP}"\nagent_id = {AGENT}\nsecret = "s"\n{keys}'
    if way.leg == "bot":
        legs = f"[wecom.bot_callback]\n{keys}"
    config = data.parent / "config.toml"
    config.write_text(
        f'[web]\nlisten = "127.0.0.1:{port}"\n[data]\ndir = "{data}"\n[wecom]\napi = "http://127.0.0.1:{platform}"\n{legs}'
        f'[[wecom.room]]\nid = "members"\nname = "成员单位群"\nchat_id = "{CHAT}"\naudience = ["成员单位", "县区"]\n'
        '[[office.person]]\nid = "clerk"\nname = "经办"\nroles = ["clerk"]\nwecom = "clerk"\n'
    )
    return config


@contextmanager
def service(way: Way, data: Path) -> Iterator[Server]:
    """`shoudao run` over a folder's data, and the platform behind it."""
    port, other = free_port(), free_port()
    config = configured(way, data, port, other)
    with (
        started([str(HERE / "yes.py"), str(other)], other, "/healthz", core=CLIENT),
        started(["-m", "bot", "run", "--config", str(config)], port, "/healthz") as server,
    ):
        yield server


def check(data: Path, answered: int) -> str:
    """Whether each answered ack is there exactly once."""
    with closing(sqlite3.connect(data / "shoudao.sqlite3")) as file:
        said = file.execute("SELECT count(*) FROM inbox WHERE state = 'done' AND channel LIKE 'wecom%'").fetchone()[0]
        acked = file.execute("SELECT count(*) FROM receipts WHERE acked_at IS NOT NULL").fetchone()[0]
        events = file.execute("SELECT count(*) FROM receipt_events WHERE what = 'acked'").fetchone()[0]
    return "" if said == acked == events == answered else f"{answered} answered, {said=}, {acked=}, {events=}"


def a_thousand_in_ten_seconds(way: Way) -> tuple[Load, str]:
    """Every unit answers one notice, a hundred a second."""
    with seeded() as folder, copied(folder) as data, service(way, data) as server:
        wires = way.wires(server.port)
        drive(server.port, wires[UNITS : UNITS + 64], connections=8, seconds=1)
        load = arrive(server.port, [Due(n * 0.01, wires[n]) for n in range(1000)])[""]
        server.kill()
        return load, f"{len(load.failed)} were no 200" if load.failed else ""


def presses_while_messages_come_in(seconds: float) -> dict[str, Load]:
    """Ten presses of a card and two hundred other answers a second, by the app's address."""
    with seeded() as folder, copied(folder) as data, service(APP, data) as server:
        at, mark = int(time.time()), _mark(data)
        wires = APP.wires(server.port)
        drive(server.port, wires[-64:], connections=8, seconds=1)
        dues = [Due(n * 0.005, wires[UNITS + n], "message") for n in range(int(200 * seconds))]
        for n in range(min(int(10 * seconds), CARDS)):
            pressed = press(f"u{n + 1:03}", f"{mark}-{_row(data, n + 1)}", "收 1", at)
            dues.append(Due(n * 0.1 + 0.0025, pressed.wire(server.port, at), "press"))
        found = arrive(server.port, sorted(dues, key=lambda due: due.at))
        server.kill()
    return found


def _row(data: Path, number: int) -> int:
    with closing(sqlite3.connect(data / "shoudao.sqlite3")) as file:
        return int(file.execute("SELECT id FROM outbox WHERE key = ?", (f"card {number}",)).fetchone()[0])


def _mark(data: Path) -> str:
    sys.path.insert(0, str(HERE.parent.parent))
    from bot.channels.wecom.cards import task_id

    return task_id(0, (data / "key").read_bytes()).partition("-")[0]
