"""FI-3, FI-4, FI-19: repeated and shuffled deliveries, sends of unknown fate, tokens; in one process, on a still clock."""

import asyncio
import itertools
from collections import Counter

import fake_wecom_app as app_side
import wecom_envelopes as envelopes
from checker import wrong_in
from fake_wecom_app import Fault
from sqlalchemy import text
from trial import Ground, Reached, trial
from wecom_world import userid, wecom

NOTICE = "通知 请各单位报送第{}批材料 明天下班前"


def _url(ground: Ground) -> str:
    return ground.database or f"sqlite+aiosqlite:///{ground.folder / 'data' / 'shoudao.sqlite3'}"


@trial(
    "repeats",
    "callbacks repeated and shuffled, eight at once",
    asked="effects = distinct ids",
    sizes=(400, 1000, 25000, 500000),
    unit="deliveries",
    postgresql=0.25,
    long=2,
)
async def repeats(ground: Ground) -> Reached:
    """40 % as many ids as deliveries, each of which acknowledges or reports."""
    reached, names = Reached(), itertools.count(1)
    async with wecom(ground.folder / "data", ground.database, way="app") as office:
        office.api.members = {userid(p): {"userid": userid(p), "name": p, "status": 1} for p in ["clerk", *_units()]}
        for number in range(1, 9):
            await office.says("clerk", NOTICE.format(number))
            await office.says("clerk", f"发 {number}")
        office.heard.clear()
        ids = [f"5{next(names):018}" for _ in range(max(ground.size * 2 // 5, 1))]
        words = {one: _words(ground, one) for one in ids}
        plan = [*ids, *(ground.chance.choice(ids) for _ in range(ground.size - len(ids)))]
        ground.chance.shuffle(plan)
        statuses: Counter[int] = Counter()
        queue = iter(plan)

        async def platform() -> None:
            for msgid in queue:
                statuses[await _deliver(office, msgid, *words[msgid], next(names))] += 1

        await asyncio.gather(*(platform() for _ in range(8)))
        async with office.bot.store.read() as session:
            stored = (
                await session.execute(text("SELECT count(*) FROM inbox WHERE external_id LIKE '5%'"))
            ).scalar_one()
            reports = (await session.execute(text("SELECT count(*) FROM reports"))).scalar_one()
            answers = (
                await session.execute(text("SELECT count(*) FROM outbox WHERE kind IN ('reported', 'ack')"))
            ).scalar_one()
        office.heard.clear()
    asked = sum(one[1].startswith("报") for one in words.values())
    reached.expect(statuses == {200: len(plan)}, f"not every delivery was answered 200: {dict(statuses)}")
    reached.expect(stored == len(ids), f"{stored} stored of {len(ids)} ids")
    reached.expect(reports == asked, f"{reports} reports of {asked} asked for")
    reached.expect(answers <= len(ids), f"{answers} answers to {len(ids)} messages")
    reached.faults += await wrong_in(_url(ground))
    reached.figure = f"{stored} effects of {len(ids)} ids"
    return reached


def _units() -> list[str]:
    return [f"u{n:03}" for n in range(1, 42)]


def _words(ground: Ground, msgid: str) -> tuple[str, str]:
    person = ground.chance.choice(_units())
    return person, f"报 宣传单{msgid[-5:]}份" if ground.chance.random() < 0.3 else f"收 {ground.chance.randint(1, 8)}"


async def _deliver(office, msgid, person, words, number) -> int:
    at = office._seconds
    xml = envelopes.text_xml(words, msgid=msgid, userid=userid(person), at=at, corp=app_side.CORP)
    posted = envelopes.app_post(xml, timestamp=at, nonce=f"n{number}", corp=app_side.CORP)
    if not hasattr(office, "http"):
        from aiohttp import ClientSession

        office.http = await office._running.enter_async_context(ClientSession(trust_env=False))
    async with office.http.post(posted.url(f"{office.address}/wecom/app"), data=posted.body) as answer:
        await answer.read()
        return answer.status


@trial(
    "ambiguous",
    "sends that were done but never answered",
    asked="0 @all twice, private ones byte-identical, settled by a later answer in 100 %",
    sizes=(4, 8, 120, 1000),
    unit="sends",
)
async def ambiguous(ground: Ground) -> Reached:
    reached = Reached()
    settled = resent = 0
    async with wecom(ground.folder / "data", way="app") as office:
        office.api.members = {
            userid(p): {"userid": userid(p), "name": p, "status": 1} for p in ["clerk", "head", *_units()]
        }
        for number in range(1, ground.size + 1):
            while not 8 <= office.clock.now().astimezone(office.bot.around.office.zone).hour < 17:
                await office.passes(hours=1)  # at night a notice waits for the morning
            await office.says("clerk", NOTICE.format(number))
            office.fake.fault("hook", ground.chance.choice(("reset_after", "reset_after", 45009)))
            office.api.plan("/cgi-bin/message/send", Fault("reset_after"))
            await office.says("clerk", f"发 {number}")
            await office.passes(minutes=2)  # nobody is told thirty things a minute
            await office.says("u001", f"收 {number}")
            await office.says("u035", f"收 {number}")
            await office.passes(minutes=2)
            if number % 10 == 0:  # the working day has so many hours, and a night's chases are another trial
                await office.says("clerk", "谁没收到")
            office.heard.clear()
        posts = Counter((post.chat, post.text.split("〕")[0]) for post in office.fake.posts if post.by == "hook")
        twice = [place for place, count in posts.items() if count > 1]
        reached.expect(not twice, f"I3: posted twice {twice[:3]}")
        sends = [call for call in office.api.calls if call.path == "/cgi-bin/message/send"]
        bodies = Counter(call.body for call in sends)
        resent = sum(count - 1 for count in bodies.values())
        texts = Counter((one.userid, str(one.content)) for one in office.api.delivered)
        double = [what for what, count in texts.items() if count > 1]
        reached.expect(not double, f"shown twice in private: {double[:2]}")
        reached.expect(resent, "nothing was ever sent again: the trial proves nothing")
        async with office.bot.store.read() as session:
            left = (await session.execute(text("SELECT count(*) FROM outbox WHERE state = 'unknown'"))).scalar_one()
            query = "SELECT count(*) FROM outbox WHERE reason = '有人签收，可见已送达'"
            settled = (await session.execute(text(query))).scalar_one()
        reached.expect(left == 0, f"{left} of unknown fate though the group has answered")
        office.heard.clear()
    reached.faults += await wrong_in(_url(ground))
    reached.figure = f"{len(posts)} posts, 0 twice; {resent} resent as they were; {settled} settled by an answer"
    return reached


@trial(
    "tokens",
    "an access token refused, a hundred calls at once",
    asked="1 gettoken for a stampede, ≤ 2 while refused for ever",
    sizes=(1, 3, 20, 100),
    unit="stampedes",
)
async def tokens(ground: Ground) -> Reached:
    from aiohttp import ClientSession
    from fake_wecom_app import AGENT, CORP, SECRET, fake_wecom_app

    from bot.channels.wecom.app_api import AppApi

    reached, worst, refused = Reached(), 0, 0
    async with fake_wecom_app() as fake, ClientSession(trust_env=False) as http:
        people = [f"member{n}" for n in range(100)]
        fake.members = {one: {"userid": one, "name": one, "status": 1} for one in people}
        for number in range(ground.size):
            api = AppApi(http, fake.base, CORP, AGENT, SECRET)
            for spoiled in (False, True):
                if spoiled:
                    fake.spoil_tokens()
                before = fake.count("/cgi-bin/gettoken")
                first = number * 1000 + spoiled * 500
                sends = (api.send_text([p], "x", row=first + n, attempts=1) for n, p in enumerate(people))
                outcomes = await asyncio.gather(*sends)
                worst = max(worst, fake.count("/cgi-bin/gettoken") - before)
                reached.expect(
                    all(one.fate == "sent" for one in outcomes), "a call failed though a fresh token was to be had"
                )
            before = fake.count("/cgi-bin/gettoken")
            fake.always["/cgi-bin/message/send"] = Fault("errcode", 42001)
            sends = (api.send_text([p], "y", row=900_000 + n, attempts=1) for n, p in enumerate(people))
            await asyncio.gather(*sends)
            refused = max(refused, fake.count("/cgi-bin/gettoken") - before)
            fake.always.clear()
    reached.expect(worst == 1, f"{worst} tokens fetched for one stampede")
    reached.expect(refused <= 2, f"{refused} tokens fetched while every one was refused")
    reached.figure = f"{worst} for a stampede, {refused} while refused"
    return reached
