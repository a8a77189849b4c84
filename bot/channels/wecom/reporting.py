"""What the legs tell the office: alarms raised and cleared, each in a transaction of its own."""

from bot.channels.wecom.keeper import SENTENCES, State
from bot.clock import Clock
from models import alarms
from models.store import Store

BAD = (State.WRONG_SECRET, State.LOST, State.TAKEN)
STALE = "收到时间戳相差超过10分钟的消息，已照常处理：请核对本机时钟（应与网络时间同步）"
MISMATCH = "同一个消息编号先后带来不同内容，以先到的为准：平台重复投递有误，或有人在伪造，请看日志"
UNSTORED = "有来自企业微信的消息没能存下：长连接不会重发，请看日志和数据库"


class Reporter:
    """Never tells anybody's words."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock

    async def raise_alarm(self, what: str, detail: str) -> None:
        await self._store.write(lambda session: alarms.raise_alarm(session, self._clock.now(), what, detail))

    async def clear(self, what: str, detail: str) -> None:
        await self._store.write(lambda session: alarms.clear_alarm(session, self._clock.now(), what, detail))

    async def state(self, state: State) -> None:
        """The long connection has changed: what was wrong before is over, what is wrong now stands."""
        for other in BAD:
            if other is not state and (state is State.READY or state in BAD):
                await self.clear("door", SENTENCES[other])
        if state in BAD:
            await self.raise_alarm("door", SENTENCES[state])

    async def stale(self) -> None:
        await self.raise_alarm("stale", STALE)

    async def mismatch(self) -> None:
        await self.raise_alarm("idempotency_mismatch", MISMATCH)

    async def unstored(self) -> None:
        await self.raise_alarm("unstored", UNSTORED)
