"""The officer's own machine: opening, adding and retiring officers, and everything a hostile server may hand out."""

import base64
import hashlib
import random
from pathlib import Path
from typing import Any

import pyrage
import pytest
import world
from sqlalchemy import text

from bot import recipients
from bot.lead_reading import Client, ReadingFailed, open_envelope, open_lead, own_list, read_identity, rewrap_all, safe
from models.pinned import pin
from models.sealing import Recipients

WORDS = "淮滨路皇家棋牌室开设赌场"


@pytest.fixture
def served(served: tuple[world.World, str]) -> tuple[world.World, Client]:
    """The office, and an officer's machine that may fetch from it."""
    office, address = served
    return office, Client(address, "demo-lead")


def key_of(office: world.World, name: str) -> str:
    return read_identity(office.folder / "throw-away-keys" / f"{name}.key")


async def told(office: world.World, *words: str) -> None:
    for one in words:
        (await office.says("u018", f"线索 {one}")).all_to()


async def sealing_to(office: world.World, known: Recipients) -> None:
    """As after a restart with another pinned list that two officers have agreed to."""
    office.demo.bot.around.recipients = known
    await office.demo.bot.store.write(lambda session: pin(session, known))


def pinned(folder: Path, public: dict[str, str], recovery: str) -> Path:
    """A list of recipients, as two people would write it."""
    path = folder / "new-recipients.toml"
    officers = "".join(f'[[officer]]\nid = "{name}"\npublic_key = "{key}"\n' for name, key in public.items())
    path.write_text(f'{officers}[recovery]\npublic_key = "{recovery}"\n')
    return path


@pytest.mark.parametrize("who", ["lead1", "lead2", "recovery"])
async def test_each_holder_opens_it_on_the_own_machine(served: tuple[world.World, Client], who: str) -> None:
    office, client = served
    await told(office, WORDS)
    parts = await open_lead(client, "L-0001", key_of(office, who))
    assert [(part.text, part.who, part.unit) for part in parts] == [(WORDS, "u018", "市水利局")]
    assert WORDS not in repr(parts)


async def test_the_token_without_the_key_opens_nothing(served: tuple[world.World, Client]) -> None:
    office, client = served
    await told(office, WORDS)
    with pytest.raises(ReadingFailed, match="打不开"):
        await open_lead(client, "L-0001", str(pyrage.x25519.Identity.generate()))


async def test_the_key_without_the_token_fetches_nothing(served: tuple[world.World, Client]) -> None:
    office, client = served
    await told(office, WORDS)
    for token in ("demo", "demo-audit", "", "guess"):
        with pytest.raises(ReadingFailed, match="拒绝"):
            await open_lead(Client(client._server, token), "L-0001", key_of(office, "lead1"))


async def test_a_new_officer_reads_everything_and_a_retired_one_nothing_new(
    served: tuple[world.World, Client], tmp_path: Path
) -> None:
    office, client = served
    await told(office, "第一条", "第二条")
    old = office.demo.bot.around.recipients
    assert old is not None
    fresh = pyrage.x25519.Identity.generate()
    path = pinned(tmp_path, {"lead2": old.officers["lead2"], "lead3": str(fresh.to_public())}, old.recovery)
    own = own_list(path)
    await sealing_to(office, recipients.load(path, hashlib.sha256(path.read_bytes()).hexdigest()))
    await told(office, "第三条")
    with pytest.raises(ReadingFailed):
        await open_lead(client, "L-0001", str(fresh))
    said: list[str] = []
    assert await rewrap_all(client, own, key_of(office, "lead2"), said.append) == 2
    assert said == ["L-0001：新增 lead3，撤去 lead1", "L-0002：新增 lead3，撤去 lead1"]
    for holder in (str(fresh), key_of(office, "lead2"), key_of(office, "recovery")):
        texts = [(await open_lead(client, f"L-000{n}", holder))[0].text for n in (1, 2, 3)]
        assert texts == ["第一条", "第二条", "第三条"]
    for number in (1, 2, 3):
        with pytest.raises(ReadingFailed):
            await open_lead(client, f"L-000{number}", key_of(office, "lead1"))
    assert await rewrap_all(client, own, str(fresh), said.append) == 0


async def test_a_list_that_differs_from_the_officers_own_is_not_wrapped_to(
    served: tuple[world.World, Client], tmp_path: Path
) -> None:
    office, client = served
    await told(office, WORDS)
    other = {name: str(pyrage.x25519.Identity.generate().to_public()) for name in ("lead1", "lead2", "r")}
    path = pinned(tmp_path, {"lead1": other["lead1"], "lead2": other["lead2"]}, other["r"])
    with pytest.raises(ReadingFailed, match="指纹"):
        await rewrap_all(client, own_list(path), key_of(office, "lead1"), lambda _: None)


async def test_wraps_for_strangers_or_over_good_ones_are_refused(served: tuple[world.World, Client]) -> None:
    office, client = served
    await told(office, WORDS)
    envelope = (await client.get("/api/leads/L-0001"))["envelopes"][0]
    wrap = base64.b64encode(b"age-encryption.org/v1\n" + b"x" * 50).decode()
    with pytest.raises(ReadingFailed, match="不在接收人名单"):
        await client.post("/api/leads/L-0001/wraps", {envelope["token"]: {"eve": wrap}})
    with pytest.raises(ReadingFailed, match="age 格式"):
        await client.post("/api/leads/L-0001/wraps", {envelope["token"]: {"lead1": "AAAA"}})
    for odd in ([], {"x": 1}, {"x": {"lead1": 5}}, "x"):
        with pytest.raises(ReadingFailed, match="400"):
            await client.post("/api/leads/L-0001/wraps", odd)
    answer = await client.post("/api/leads/L-0001/wraps", {envelope["token"]: {"lead1": wrap}})
    assert answer == {"added": [], "gone": []}
    assert (await open_lead(client, "L-0001", key_of(office, "lead1")))[0].text == WORDS


async def test_whatever_a_server_changes_is_refused(served: tuple[world.World, Client]) -> None:
    office, client = served
    await told(office, WORDS, "另一条")
    one, two = [(await client.get(f"/api/leads/L-000{n}"))["envelopes"][0] for n in (1, 2)]
    identity = key_of(office, "lead1")
    changes: list[dict[str, Any]] = [{"token": two["token"]}, {"hour": "2026-11-18T08Z"}, {"fingerprint": "0" * 64}]
    changes += [{"ciphertext": two["ciphertext"]}, {"wraps": two["wraps"]}, {"nonce": two["nonce"]}]
    changes += [{"algorithm": "none"}, {"wraps": {}}, {"digest": two["digest"]}, {"token": None}, {"wraps": None}]
    rand = random.Random(7)
    whole = base64.b64decode(one["ciphertext"])
    for _ in range(60):
        at = rand.randrange(len(whole))
        changes.append({"ciphertext": base64.b64encode(whole[:at] + bytes([whole[at] ^ 4]) + whole[at + 1 :]).decode()})
        changes.append({"ciphertext": base64.b64encode(whole[:at]).decode()})
    for change in changes:
        with pytest.raises(ReadingFailed):
            open_envelope(one | change, identity)
    assert WORDS.encode() in open_envelope(one, identity) or WORDS in open_envelope(one, identity).decode()


TAMPERINGS = {
    "swapped ciphertext": "UPDATE leads SET ciphertext = (SELECT ciphertext FROM leads WHERE number = 2) WHERE number = 1",
    "flipped byte": "UPDATE leads SET ciphertext = CAST(x'00' || substr(ciphertext, 2) AS BLOB) WHERE number = 1",
    "cut": "UPDATE leads SET ciphertext = substr(ciphertext, 1, 100) WHERE number = 1",
    "another nonce": "UPDATE leads SET nonce = x'000000000000000000000000' WHERE number = 1",
    "another algorithm": "UPDATE leads SET algorithm = 'none' WHERE number = 1",
    "an added recipient": "INSERT INTO lead_wraps SELECT lead_id, 'eve', wrapped FROM lead_wraps WHERE key_id = 'lead1'",
    "a recipient taken away": "DELETE FROM lead_wraps WHERE key_id = 'lead2'",
    "a replaced wrap": "UPDATE lead_wraps SET wrapped = x'00' WHERE key_id = 'lead2'",
    "another digest": "UPDATE leads SET digest = 'x' WHERE number = 1",
}


@pytest.mark.parametrize("how", TAMPERINGS)
async def test_what_was_changed_in_the_database_is_not_handed_out_and_is_written_down(
    served: tuple[world.World, Client], how: str
) -> None:
    office, client = served
    await told(office, WORDS, "另一条")
    async with office.demo.bot.store.engine.begin() as connection:
        await connection.execute(text(TAMPERINGS[how]))
    with pytest.raises(ReadingFailed, match="可能被改动"):
        await client.get("/api/leads/L-0001")
    with pytest.raises(ReadingFailed, match="可能被改动"):
        await client.post("/api/leads/L-0001/wraps", {})
    async with office.demo.bot.store.read() as session:
        rows = [
            tuple(r) for r in await session.execute(text("SELECT act, object FROM journal ORDER BY id DESC LIMIT 2"))
        ]
    assert rows == [("lead.changed", "lead:L-0001")] * 2
    said = await office.listen()
    assert "L-0001" in said.to("clerk").text and WORDS not in str(office.heard)


@pytest.mark.parametrize(
    ("column", "value"),
    [("token", "'0123456789abcdef0123456789abcdef'"), ("fingerprint", "'" + "0" * 64 + "'")],
    ids=["token", "fingerprint"],
)
async def test_a_changed_clear_column_that_is_bound_does_not_open(
    served: tuple[world.World, Client], column: str, value: str
) -> None:
    office, client = served
    await told(office, WORDS)
    async with office.demo.bot.store.engine.begin() as connection:
        await connection.execute(text(f"UPDATE leads SET {column} = {value} WHERE number = 1"))
    with pytest.raises(ReadingFailed, match="打不开"):
        await open_lead(client, "L-0001", key_of(office, "lead1"))


async def test_every_fetch_is_a_row_however_often_it_is_replayed(served: tuple[world.World, Client]) -> None:
    office, client = served
    await told(office, WORDS)
    for _ in range(5):
        await client.get("/api/leads/L-0001")
    for token in ("demo", "demo-audit"):
        with pytest.raises(ReadingFailed, match="403"):
            await Client(client._server, token).get("/api/leads/L-0001")
    async with office.demo.bot.store.read() as session:
        acts = [r.act for r in await session.execute(text("SELECT act FROM journal ORDER BY id"))]
    assert acts == ["lead.register", *["lead.fetch"] * 5, "refused", "refused"]


@pytest.mark.parametrize(
    "server", ["http://10.0.0.1:8080", "http://example.com", "ftp://localhost", "shoudao.example", ""]
)
def test_a_token_does_not_travel_in_clear(server: str) -> None:
    with pytest.raises(ReadingFailed, match="https"):
        safe(server)


@pytest.mark.parametrize(
    "server", ["https://lead.example", "http://127.0.0.1:8080/", "http://localhost:1", "http://[::1]:80"]
)
def test_https_and_this_machine_are_fine(server: str) -> None:
    assert safe(server) == server.rstrip("/")


def test_an_identity_locked_with_a_passphrase_is_opened_by_it(tmp_path: Path) -> None:
    secret = pyrage.x25519.Identity.generate()
    path = tmp_path / "locked.key"
    path.write_bytes(pyrage.passphrase.encrypt(f"# mine\n{secret}\n".encode(), "六个字的口令"))
    assert read_identity(path, lambda _: "六个字的口令") == str(secret)
    with pytest.raises(ReadingFailed, match="口令不对"):
        read_identity(path, lambda _: "wrong")


@pytest.mark.parametrize("content", [b"", b"hello", b"age1abc", b"\xff\xfe"])
def test_what_is_no_identity_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "key"
    path.write_bytes(content)
    with pytest.raises(ReadingFailed, match="私钥"):
        read_identity(path)
    with pytest.raises(ReadingFailed, match="打不开"):
        read_identity(tmp_path / "none")
