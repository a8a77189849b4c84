"""Failures are said to people: once, at any hour, and not about the telling itself (I10)."""

from world import World

from models import alarms


async def _raise(office: World, what: str, detail: str) -> None:
    await office.demo.bot.store.write(lambda session: alarms.raise_alarm(session, office.now, what, detail))


async def test_an_alarm_is_told_once_at_any_hour_and_listed(office: World) -> None:
    (await office.until("2026-11-18T23:30+08:00")).nothing()
    await _raise(office, "door", "长连接断了")
    assert "长连接断了" in (await office.listen()).to("clerk").text
    (await office.passes("PT30M")).nothing()
    [listed] = await office.api("/api/alarms")
    assert (listed["what"], listed["cleared_at"]) == ("door", None)


async def test_a_message_that_could_not_be_told_of_raises_no_second_telling(office: World) -> None:
    await _raise(office, "failed:simulator:alarm", "告警没发出去")
    await _raise(office, "unknown:7", "第7号消息不知是否送达")
    (await office.listen()).nothing()
    assert len(await office.api("/api/alarms")) == 2
