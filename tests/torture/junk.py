"""FI-9 and FI-10: mutated payloads in process and over HTTP, signed and not, and bombs made to take memory or time."""

import asyncio
import gzip
import json
import logging
import resource
import time
from collections import Counter
from contextlib import asynccontextmanager
from pathlib import Path

import fake_wecom_app as app_side
import wecom_envelopes as envelopes
from aiohttp import ClientSession, web
from checker import wrong_in
from trial import Beside, Ground, Reached, trial
from wecom_world import userid, wecom

from bot.channels.wecom.crypto import Envelopes, Forged, Malformed, key_sets
from bot.channels.wecom.envelopes import AppLeg, BotLeg

CORPUS = Path(__file__).resolve().parents[1] / "corpus" / "wecom"
NASTY = (b"\0", b"\xff\xfe", b"\xed\xa0\x80", "😀".encode(), b"<![CDATA[", b"]]>", b"&#0;", b"\\ud800", b'"', b"{", b"[", b"1e999",
         b"<!DOCTYPE x>", b"-1", b"99999999999999999999", b"\r\n", b"null", b"</xml>", b"<xml>", "收到".encode())  # fmt: skip
SLOWEST = 0.2


def seeds() -> dict[str, list[bytes]]:
    """Recorded payloads of both ways of writing."""
    return {
        "app": [path.read_bytes() for path in sorted(CORPUS.glob("*.xml"))],
        "bot": [path.read_bytes() for path in sorted(CORPUS.glob("*.json"))],
    }


def mutated(data: bytes, chance) -> bytes:
    """One to four random hurts."""
    hurt = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(hurt) + 1)
        match chance.randrange(6):
            case 0:
                hurt[at : at + chance.randint(1, 8)] = b""
            case 1:
                hurt[at:at] = chance.choice(NASTY)
            case 2 if hurt:
                hurt[min(at, len(hurt) - 1)] ^= 1 << chance.randrange(8)
            case 3:
                hurt[at:at] = hurt[max(0, at - chance.randint(1, 60)) : at]
            case 4:
                del hurt[at:]
            case _:
                hurt[at : at + 4] = chance.randbytes(chance.randint(0, 6))
    return bytes(hurt)


def memory() -> float:
    """Megabytes held at most so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@trial(
    "fuzz",
    "mutated payloads through decoder and readers, in process",
    asked="0 exceptions, each ≤ 200 ms, memory +≤ 50 MB",
    sizes=(2000, 40000, 1000000, 10000000),
    unit="payloads",
)
async def fuzz(ground: Ground) -> Reached:
    reached, chance = Reached(), ground.chance
    legs = {"app": (AppLeg(app_side.CORP), app_side.CORP), "bot": (BotLeg(), "")}
    opened = {name: Envelopes(key_sets(envelopes.TOKEN, envelopes.AES_KEY), corp) for name, (_, corp) in legs.items()}
    corpus, came, slowest, began = seeds(), Counter(), 0.0, memory()
    for number in range(ground.size):
        name = "app" if number % 2 else "bot"
        leg = legs[name][0]
        data = mutated(chance.choice(corpus[name]), chance)
        since = time.perf_counter()
        try:
            if number % 4 < 2:
                came[leg.read(data).kind] += 1
            else:
                encrypt = leg.encrypted(data) or "x" * chance.randint(0, 90)
                opened[name].open("0" * 40, str(envelopes.NOW), "n", encrypt)
        except (Malformed, Forged):
            came["refused"] += 1
        except Exception as trouble:
            reached.faults.append(f"{type(trouble).__name__} out of {name} for {data[:80]!r}")
            if len(reached.faults) > 5:
                break
        slowest = max(slowest, time.perf_counter() - since)
    grown = memory() - began
    reached.expect(slowest <= SLOWEST * 5 * ground.slack, f"one took {slowest * 1000:.0f} ms")
    reached.expect(grown <= 50, f"memory grew by {grown:.0f} MB")
    reached.figure = f"{len(reached.faults)} exceptions, slowest {slowest * 1000:.0f} ms, +{grown:.0f} MB"
    return reached


@asynccontextmanager
async def listening(ground: Ground, way: str):
    """An office behind the address of one leg, with everything that it logs."""
    heard: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: heard.append(record.getMessage()) if record.levelno >= logging.ERROR else None
    logging.getLogger().addHandler(handler)
    try:
        async with wecom(ground.folder / "data", way=way) as office, ClientSession(trust_env=False) as http:
            office.api.members = {userid("clerk"): {"userid": "CLERK", "name": "clerk", "status": 1}}
            yield office, http, heard
            office.heard.clear()
    finally:
        logging.getLogger().removeHandler(handler)


@trial(
    "http",
    "mutated payloads over HTTP, three of four signed wrongly",
    asked="0 5xx, 0 errors logged, each ≤ 200 ms (p99.9)",
    sizes=(200, 2000, 100000, 1000000),
    unit="posts",
    beside=Beside.NOTHING,
)
async def http(ground: Ground) -> Reached:
    reached, chance, corpus = Reached(), ground.chance, seeds()
    statuses: Counter[int | str] = Counter()
    took: list[float] = []
    async with listening(ground, "app") as (office, client, heard):
        numbers = iter(range(ground.size))

        async def attacker() -> None:
            for number in numbers:
                posted = _posted(office, mutated(chance.choice(corpus["app"]), chance), number, chance)
                since = time.perf_counter()
                try:
                    async with client.post(posted.url(f"{office.address}/wecom/app"), data=posted.body) as answer:
                        await answer.read()
                        statuses[answer.status] += 1
                except OSError as trouble:
                    statuses[type(trouble).__name__] += 1
                took.append(time.perf_counter() - since)

        await asyncio.gather(*(attacker() for _ in range(8)))
        still = await office.says("clerk", "待办")
        reached.expect(still.messages, "it does not answer any more")
    bad = {status: count for status, count in statuses.items() if not isinstance(status, int) or status >= 500}
    slow = sorted(took)[min(int(len(took) * 0.999), len(took) - 1)]
    reached.expect(not bad, f"not answered in order: {bad}")
    reached.expect(not heard, f"{len(heard)} errors logged, such as {heard[:1]}")
    reached.expect(slow <= SLOWEST * ground.slack, f"p99.9 {slow * 1000:.0f} ms")
    reached.faults += await wrong_in(f"sqlite+aiosqlite:///{ground.folder / 'data' / 'shoudao.sqlite3'}")
    reached.figure = (
        f"{dict(sorted(statuses.items(), key=str))}, p99.9 {slow * 1000:.0f} ms, max {max(took) * 1000:.0f} ms"
    )
    return reached


def _posted(office, data: bytes, number: int, chance):
    """Three of four with a wrong signature or a mutated envelope, one signed as the platform does it."""
    encrypted = envelopes.encrypt_raw(envelopes.plain_of(data, app_side.CORP.encode()))
    at = office._seconds
    posted = envelopes.app_post("", encrypted=encrypted, timestamp=at, nonce=f"n{number}", corp=app_side.CORP)
    if number % 4 == 0:
        return posted
    if number % 4 == 1:
        return envelopes.Posted(posted.query, mutated(posted.body, chance))
    wrong = posted.query | {chance.choice(list(posted.query)): chance.choice(("", "x", "0" * 40, "１２３", "9" * 400))}
    return envelopes.Posted(wrong, posted.body)


def bombs() -> dict[str, bytes]:
    """Bodies made to take memory or time."""
    laughs = (
        b"<!DOCTYPE l [<!ENTITY a 'ha'>"
        + b"".join(b"<!ENTITY %c '%s'>" % (98 + n, (b"&%c;" % (97 + n)) * 10) for n in range(9))
        + b"]><xml>&j;</xml>"
    )
    return {
        "billion laughs": laughs,
        "quadratic": b"<!DOCTYPE q [<!ENTITY a '" + b"a" * 20_000 + b"'>]><xml>" + b"&a;" * 8_000 + b"</xml>",
        "external": b"<!DOCTYPE x SYSTEM 'http://127.0.0.1:1/x'><xml>&x;</xml>",
        "file": b"<!DOCTYPE x [<!ENTITY f SYSTEM 'file:///etc/passwd'>]><xml>&f;</xml>",
        "deep xml": b"<a>" * 15_000 + b"</a>" * 15_000,
        "attributes": b"<xml " + b" ".join(b"a%d='1'" % n for n in range(6_000)) + b"/>",
        "deep json": b"[" * 60_000,
        "deep objects": b'{"a":' * 12_000 + b"1" + b"}" * 12_000,
        "huge number": b'{"encrypt": ' + b"9" * 60_000 + b"}",
        "float": b'{"encrypt": 1' + b"0" * 50_000 + b"e999999999}",
        "twice": b'{"encrypt":"a","encrypt":"b"}',
        "surrogate": b'{"encrypt":"\\ud800"}',
        "nul": b"<xml><Encrypt>\0</Encrypt></xml>",
        "many encrypts": b"<xml>" + b"<Encrypt>aa</Encrypt>" * 2_000 + b"</xml>",
        "one more than fits": b"x" * (64 * 1024 + 1),
        "five megabytes": b"<xml>" + b"y" * (5 << 20),
        "base64": b"<xml><Encrypt>" + b"A" * 65_000 + b"</Encrypt></xml>",
    }


@trial(
    "bombs",
    "XML and JSON bombs, in the envelope and sealed inside it",
    asked="4xx or ignored, each ≤ 200 ms, memory +≤ 20 MB",
    sizes=(1, 2, 10, 30),
    unit="rounds",
    beside=Beside.NOTHING,
)
async def bombs_(ground: Ground) -> Reached:
    reached, statuses, slowest, began = Reached(), Counter(), 0.0, 0.0
    async with listening(ground, "app") as (office, client, heard):
        for turn in range(ground.size):
            for name, body in bombs().items():
                for posted, headers in _ways(office, body):
                    since = time.perf_counter()
                    url = posted.url(f"{office.address}/wecom/app")
                    try:
                        async with client.post(url, data=posted.body, headers=headers) as answer:
                            await answer.read()
                            status = answer.status
                    except (OSError, web.HTTPException):
                        status = 413  # closed while we were still sending
                    took = time.perf_counter() - since
                    slowest = max(slowest, took)
                    statuses[status] += 1
                    reached.expect(status < 500, f"{name}: {status}")
            if turn == 0:
                began = memory()
        grown = memory() - began
        reached.expect(not heard, f"errors logged: {heard[:2]}")
        reached.expect((await office.says("clerk", "待办")).messages, "it does not answer any more")
    reached.expect(slowest <= SLOWEST * 3 * ground.slack, f"one took {slowest * 1000:.0f} ms")
    reached.expect(grown <= 20, f"memory grew by {grown:.0f} MB")
    reached.figure = f"{dict(sorted(statuses.items()))}, slowest {slowest * 1000:.0f} ms, +{grown:.0f} MB"
    return reached


def _ways(office, body: bytes):
    """As the envelope itself, as gzip, and, where it fits, sealed and signed inside a right envelope."""
    at = office._seconds
    right = envelopes.app_post("<xml/>", timestamp=at, corp=app_side.CORP)
    yield envelopes.Posted(right.query, body), {}
    yield envelopes.Posted(right.query, gzip.compress(body)), {"Content-Encoding": "gzip"}
    if len(body) < 40_000:
        sealed = envelopes.encrypt_raw(envelopes.plain_of(body, app_side.CORP.encode()))
        yield envelopes.app_post("", encrypted=sealed, timestamp=at, corp=app_side.CORP), {}


@trial(
    "words",
    "words that would add mentions, links, formulas or templates",
    asked="0 undeclared mentions, 0 links, everything answered",
    sizes=(20, 60, 500, 20000),
    unit="messages",
)
async def words(ground: Ground) -> Reached:
    from sqlalchemy import text as sql

    tokens = ("<@all>", "<@ZHANGSAN>", "@所有人", "@all", "[点我](http://evil.example)", "http://evil.example/x", "{{7*7}}", "{% raw %}",
              "=HYPERLINK(\"http://evil\")", "+1+cmd|' /C calc'!A0", "<script>alert(1)</script>", "\u202e", "\u200b", "`x`", "# 标题",
              "<font color=\"warning\">", "![图](http://evil.example/a.png)", "<", "@", "]", "(")  # fmt: skip
    shapes = (
        "报 {} 宣传单120份",
        "{}",
        "收到 {}",
        "回复 1 {}",
        "线索 {}",
        "谁没收到 {}",
        "续报 {}",
        "延期 1 {}",
        "待办 {}",
    )
    reached, chance = Reached(), ground.chance
    async with listening(ground, "app") as (office, _, heard):
        names = ["clerk", "head", "lead1", "lead2", *(f"u{n:03}" for n in range(1, 42))]
        office.api.members = {userid(p): {"userid": userid(p), "name": p, "status": 1} for p in names}
        await office.says("clerk", "通知 请报送<@all>材料[点我](http://evil.example) 明天下班前")
        await office.says("clerk", "发")
        for number in range(ground.size):
            made = "".join(
                chance.choice(tokens) + chance.choice(("", "甲", " ", "\n")) for _ in range(chance.randint(1, 5))
            )
            await office.says(chance.choice(names), chance.choice(shapes).format(made))
            if number % 50 == 49:
                await office.passes(minutes=1)
        said = [call.body.decode() for call in office.api.calls if call.path.endswith("/message/send")]
        said += [json.dumps(body, ensure_ascii=False) for body in office.fake.hook_calls]
        declared = sum('"mentioned_list": ["@all"]' in one for one in said)
        for one in said:
            bad = [
                token
                for token in ("<@", "](", "<font", "<script", "49", "http://evil")
                if token in one and token != "49"
            ]
            reached.expect(not bad, f"{bad} in {one[:160]}")
            if len(reached.faults) > 5:
                break
        posts = len([post for post in office.fake.posts if "@all" in post.mentions])
        reached.expect(declared == posts == 2, f"{declared} declared mentions of all, {posts} posts")
        async with office.bot.store.read() as session:
            parked = (await session.execute(sql("SELECT count(*) FROM inbox WHERE state = 'parked'"))).scalar_one()
        reached.expect(parked == 0, f"{parked} messages parked")
        reached.expect(not heard, f"errors logged: {heard[:2]}")
    reached.figure = f"{len(said)} messages out, {posts} with a declared mention"
    return reached
