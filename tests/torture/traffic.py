"""People who use the bot all at once, and what they may expect of it afterwards.

Every message is sent as the platform sends it: three tries of five seconds, a pressed card only once. What was answered
must be there once; what was not may be there once or not at all.
"""

import asyncio
import re
from collections import Counter
from dataclasses import dataclass

from live_wecom import UNITS
from sqlalchemy import text
from trial import Reached

from models.outbox import PROVED
from models.store import Store

TEXT = "请报送第{}批材料"
THINK = 0.25  # seconds at most between two messages of one person
LATE = 2.0  # seconds after which what is due should have left
LEADS_EVERY = 5.0  # seconds at least: of two officers neither may be told thirty things a minute


@dataclass
class Said:
    msgid: str
    person: str
    words: str
    mark: str = ""
    answered: bool = False


class Traffic:
    """`where` gives the address that callbacks go to at this moment."""

    def __init__(self, platform, where, chance, *, notices_every=4.0, photos=False):
        self.platform, self.where, self.chance = platform, where, chance
        self.notices_every = notices_every
        self.said: list[Said] = []
        self.clicks = {"answered": 0, "lost": 0}
        self.issued = 0
        self.over = False
        self._marks, self._next_lead = 0, 0.0

    # -- people --------------------------------------------------------------------------------------------------------

    async def say(self, person, words, mark=""):
        msgid = f"7{next(self.platform.names):018}"
        one = Said(msgid, person, words, mark)
        self.said.append(one)
        posted = self.platform.text(person, words, msgid)
        sending = [self._send(posted)]
        if self.chance.random() < 0.15:  # an impatient platform: the same again, side by side
            sending.append(self._send(posted))
        one.answered = any(await asyncio.gather(*sending))
        return one

    async def _send(self, posted, tries=3):
        """A refused connection costs the platform no time: its next try comes a little later."""
        for _ in range(tries):
            if await self.platform.send(self.where(), posted, tries=1):
                return True
            await asyncio.sleep(0.7)
        return False

    async def press(self, person, task, key):
        done = await self.platform.send(self.where(), self.platform.click(person, task, key), tries=1)
        self.clicks["answered" if done else "lost"] += 1
        return done

    async def liaison(self, units):
        loop = asyncio.get_running_loop()
        while not self.over:
            await asyncio.sleep(self.chance.uniform(0, THINK))
            person, kind = self.chance.choice(units), self.chance.random()
            self._marks += 1
            mark = f"标{self._marks}标"
            lead = kind >= 0.8 and loop.time() >= self._next_lead
            if lead:
                self._next_lead = loop.time() + LEADS_EVERY
                await self.say(person, f"线索 {mark} 有人强收停车费", mark)
            elif kind < 0.55:
                await self.say(person, f"收 {self.chance.randint(1, max(self.issued, 1))}")
            else:
                await self.say(person, f"报 {mark} 发放宣传单120份", mark)

    async def clerk(self):
        """A draft, then 发 by the card that came for it or, where none came, by word."""
        while not self.over:
            number = self.issued + 1
            cards = len(self.platform.cards_of("clerk", "通知预览"))
            draft = await self.say("clerk", f"通知 {TEXT.format(number)} 明天下班前", mark=TEXT.format(number))
            if draft.answered:
                card = await self._card(cards)
                if card is None or not await self.press("clerk", card["task_id"], card["button_list"][0]["key"]):
                    await self.say("clerk", "发")
                self.issued += 1
            await asyncio.sleep(self.notices_every)

    async def _card(self, before):
        for _ in range(40):
            cards = self.platform.cards_of("clerk", "通知预览")
            if len(cards) > before:
                return cards[-1]
            await asyncio.sleep(0.05)
        return None

    async def run(self, during):
        """Everybody talks until `during` has ended; then each ends what it is about."""
        people = [self.clerk(), *(self.liaison(UNITS[n::6]) for n in range(6))]
        tasks = [asyncio.create_task(one) for one in people]
        try:
            return await during
        finally:
            self.over = True
            await asyncio.wait(tasks, timeout=40)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    # -- afterwards ----------------------------------------------------------------------------------------------------

    async def look(self, url, reached: Reached):
        """What people were answered is there, once; and nothing stands in a group that nobody asked for."""
        store = Store(url)
        try:
            async with store.read() as session:
                ids = Counter(await session.scalars(text("SELECT external_id FROM inbox")))
                texts = Counter(await session.scalars(text("SELECT text FROM notices")))
                reports = " ".join(await session.scalars(text("SELECT text FROM reports")))
                leads = (await session.execute(text("SELECT count(*) FROM leads WHERE part_of IS NULL"))).scalar_one()
                rows = (
                    await session.execute(
                        text(
                            "SELECT n.number, o.room, o.state, o.reason, n.state AS notice FROM outbox o "
                            "JOIN notices n ON n.id = o.notice_id WHERE o.kind = 'notice'"
                        )
                    )
                ).all()
        finally:
            await store.close()
        lost = [one for one in self.said if one.answered and ids[one.msgid] != 1]
        reached.expect(not lost, f"I1: {len(lost)} answered messages are not there once, such as {lost[:1]}")
        self._effects(texts, reports, leads, reached)
        self._groups(rows, reached)

    def _effects(self, texts, reports, leads, reached):
        for one in self.said:
            if one.words.startswith("报"):
                count = reports.count(one.mark)
                reached.expect(
                    count <= 1 and (count or not one.answered), f"I2: the report {one.mark} is there {count} times"
                )
            elif one.words.startswith("通知"):
                count = texts[one.mark]
                reached.expect(
                    count <= 2 and (count or not one.answered), f"I2: the draft {one.mark} is there {count} times"
                )
        told = [one for one in self.said if one.words.startswith("线索")]
        least = sum(one.answered for one in told)
        reached.expect(least <= leads <= len(told), f"I1: {leads} leads, of {least} answered and {len(told)} told")

    def _groups(self, rows, reached):
        """I3: each notice at most once in each group, and exactly once where the bot says that it was sent."""
        rooms = {"wrMEMBERS": "members", "wrCOUNTIES": "counties"}
        posts: Counter[tuple[str, int]] = Counter()
        for chat, words in self.platform.posts_to_all():
            found = re.match(r"〔(\d+)号〕", words)
            reached.expect(found, f"an unexpected post: {words[:60]!r}")
            if found:
                posts[rooms[chat], int(found[1])] += 1
        twice = {place: count for place, count in posts.items() if count > 1}
        reached.expect(not twice, f"I3: posted to all more than once: {twice}")
        known = {(row.room, row.number): row.state for row in rows}
        strange = [place for place in posts if place not in known]
        reached.expect(not strange, f"posted, but nobody had asked for it: {strange[:3]}")
        # These liaisons answer by number what they may never have seen, and an answer settles a post of unknown fate.
        proved = {(row.room, row.number) for row in rows if row.reason == PROVED}
        sent = {place for place, state in known.items() if state == "sent"}
        missing = sorted(place for place in sent - proved if not posts[place])
        reached.expect(not missing, f"I4: said to be sent, but not posted: {missing[:3]}")


async def at_rest(url, seconds=180.0, *, now):
    """Wait until nothing is on its way out and nothing is late; gives the seconds it took, or None."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    store = Store(url)
    try:
        while loop.time() - began < seconds:
            async with store.read() as session:
                found = await session.execute(
                    text("SELECT state, due_at FROM outbox WHERE state IN ('pending', 'claimed')").columns()
                )
                waiting = [row for row in found if row.state == "claimed" or _at(row.due_at) <= now() - LATE]
            if not waiting:
                return loop.time() - began
            await asyncio.sleep(0.3)
    finally:
        await store.close()
    return None


def _at(value):
    from datetime import UTC, datetime

    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if value.tzinfo is None:
        value = value.replace(tzinfo=UTC)
    return value.timestamp()
