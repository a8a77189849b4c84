"""One day of the office, clicked through in a real browser."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from browsing import NARROW, Demo, Screen, a_photo
from playwright.async_api import expect

NewScreen = Callable[[], Awaitable[Screen]]
NOTICE = "通知 各部门要根据领导小组文件要求，制定自己的线索摸排方案，收到请回复。 明天下班前"
LEAD = "城东市场有人强收摊位费"
ODD = "<img src=x onerror=alert(1)> {{7*7}} @所有人"


async def test_a_day_of_the_office_clicked_through_in_a_browser(
    new_screen: NewScreen, demo: Demo, tmp_path: Path
) -> None:
    desk, head = await new_screen(), await new_screen()
    await desk.sit_down("clerk", "private")
    await head.sit_down("head", "members")
    await the_notice_goes_out(desk)
    await liaisons_answer_by_every_route(desk, head)
    await the_office_asks_who_is_missing(desk, head)
    await reports_and_leads_come_in(desk, a_photo(tmp_path / "banner.jpg"))
    await what_a_person_typed_stays_text(desk, head)
    await the_evening_and_the_next_two_days(desk, head)
    await desk.becomes("clerk", "members")
    await expect(desk.messages(saying=LEAD)).to_have_count(0)
    await what_was_begun_is_kept(desk, demo)
    await on_a_phone_one_pane_is_shown_at_a_time(desk)


async def the_notice_goes_out(desk: Screen) -> None:
    preview = await desk.says(NOTICE, "通知预览")
    assert "11月19日（周四）18:00" in preview and "41个单位" in preview
    await desk.photograph("preview")
    await desk.page.get_by_test_id("button-发 1").click()
    await expect(desk.messages(by="bot").last).to_contain_text("〔1号〕已发出")
    await desk.becomes("clerk", "members")
    notice = desk.messages(by="bot", saying="〔1号〕")
    await expect(notice.locator(".mention")).to_have_text("@所有人")
    await expect(notice.get_by_role("button", name="收到")).to_be_visible()


async def liaisons_answer_by_every_route(desk: Screen, head: Screen) -> None:
    """The head's screen stands open all the while: the card's count changes in place, and nothing is posted."""
    card = head.messages(by="bot", saying="〔1号〕")
    await expect(card).to_have_count(1)
    number = await card.get_attribute("data-id")
    in_the_room = desk.messages(by="bot", saying="〔1号〕")

    await desk.becomes("u018", "members")
    await desk.types("收到")
    await expect(card.locator(".count")).to_have_text("已签收 1/41")
    await desk.becomes("u019", "members")
    await in_the_room.get_by_role("button", name="收到").click()
    await expect(card.locator(".count")).to_have_text("已签收 2/41")
    await desk.becomes("u020", "members")
    await desk.quotes(in_the_room, "收到，谢谢")
    await expect(desk.messages(by="u020").locator(".quoted")).to_contain_text("〔1号〕")
    await expect(card.locator(".count")).to_have_text("已签收 3/41")
    await desk.becomes("u021", "members")
    await desk.types("收 1")
    await expect(card.locator(".count")).to_have_text("已签收 4/41")
    await desk.becomes("u022", "private")
    await desk.says("收到", "已签收〔1号〕")
    await expect(card.locator(".count")).to_have_text("已签收 5/41")
    await desk.becomes("u023", "members")
    await desk.types("收到没？")

    assert await card.get_attribute("data-id") == number
    await expect(head.messages(by="bot")).to_have_count(1)
    await expect(card.locator(".count")).to_have_text("已签收 5/41")
    await head.photograph("group")


async def the_office_asks_who_is_missing(desk: Screen, head: Screen) -> None:
    await desk.becomes("clerk", "members")
    await desk.types("谁没收到")
    await desk.becomes("clerk", "private")
    answer = desk.messages(by="bot").last
    await expect(answer).to_contain_text("没签收的36个")
    assert "市水利局" not in await answer.inner_text()
    await expect(answer).to_contain_text("市纪委监委")
    await desk.says("进度", "5/41")
    await desk.photograph("who")
    await expect(head.messages(by="bot")).to_have_count(1)


async def reports_and_leads_come_in(desk: Screen, photo: Path) -> None:
    await desk.becomes("u018", "private")
    understood = await desk.says("报 宣传单5000余份 短信50余万条", "已登记", picture=photo)
    assert "5000" in understood and "500000" in understood and "图片1张" in understood
    picture = desk.page.locator(".picture img")
    await expect(picture).to_have_js_property("naturalWidth", 800)
    await desk.photograph("report")
    await desk.page.locator(".picture").click()
    await expect(desk.page.locator("#zoom")).to_be_visible()
    await desk.page.keyboard.press("Escape")

    await desk.becomes("u025", "private")
    receipt = await desk.says(f"线索 {LEAD}", "已登记线索")
    assert LEAD not in receipt
    await desk.photograph("lead")
    await desk.becomes("u026", "members")
    await desk.types(f"线索 {LEAD}")
    await expect(desk.messages(by="u026")).to_contain_text("已转为线索，原文不保留")
    await desk.becomes("u026", "private")
    await expect(desk.messages(by="bot").last).to_contain_text("请在这里私聊我")


async def what_a_person_typed_stays_text(desk: Screen, head: Screen) -> None:
    await desk.becomes("u024", "members")
    await desk.types(ODD)
    said = head.messages(by="u024")
    await expect(said.locator(".bubble")).to_have_text(ODD)
    await expect(said.locator("img, .mention")).to_have_count(0)
    await head.photograph("group-busy")


async def the_evening_and_the_next_two_days(desk: Screen, head: Screen) -> None:
    await desk.becomes("clerk", "private")
    await desk.forwards("evening", "11月18日 星期三 17:30")
    await expect(desk.messages(by="bot").last).to_contain_text("11月18日小结")
    await expect(head.messages(by="bot").last).to_contain_text("11月18日小结")
    assert "市纪委监委" not in await head.messages(by="bot").last.inner_text()

    await desk.forwards("morning", "11月19日 星期四 08:00")
    await desk.becomes("u001", "private")
    await expect(desk.messages()).to_have_count(0)
    await desk.forwards("evening", "11月19日 星期四 17:30")
    await expect(desk.messages(by="bot", saying="提醒")).to_have_count(1)
    await desk.forwards("morning", "11月20日 星期五 08:00")
    await expect(desk.messages(by="bot", saying="提醒")).to_have_count(2)
    await desk.becomes("u018", "private")
    await expect(desk.messages(saying="已登记").last).to_be_visible()
    await expect(desk.messages(saying="提醒")).to_have_count(0)

    await desk.becomes("u001", "private")
    await desk.messages(by="bot", saying="提醒").last.get_by_role("button", name="收到").click()
    await expect(desk.messages(by="bot").last).to_contain_text("（迟）")
    await desk.photograph("chased")
    await desk.becomes("clerk", "private")
    await desk.says("代 市委组织部 收到 电话确认", "已代市委组织部签收〔1号〕")
    await desk.forwards("hour", "11月20日 星期五 09:0")
    await expect(desk.messages(by="bot").last).to_contain_text("请电话联系")
    await desk.photograph("call-sheet")
    await desk.forwards("evening", "11月20日 星期五 17:30")
    await expect(desk.messages(by="bot").last).to_contain_text("签收 7/41")
    await desk.says("办结 1", "〔1号〕已办结")
    card = head.messages(by="bot", saying="〔1号〕").first
    await expect(card).to_contain_text("已签收 7/41，已办结")
    await expect(card.get_by_role("button", name="收到")).to_have_count(0)
    await desk.photograph("closed")
    await desk.becomes("clerk", "counties")
    await desk.photograph("counties")


async def what_was_begun_is_kept(desk: Screen, demo: Demo) -> None:
    bar = desk.page.get_by_test_id("composer")
    await bar.fill("还没写完")
    await desk.becomes("clerk", "private")
    await expect(bar).to_have_value("")
    await demo.ask("messages", {"from": "u024", "room": "members", "text": "新的一句"})
    await expect(desk.page.get_by_test_id("room-members").locator(".badge")).to_have_text("1")
    await desk.page.go_back()
    await expect(desk.page.locator("#title")).to_have_text("成员单位群（34）")
    await expect(desk.messages(saying="新的一句")).to_be_in_viewport()
    await expect(bar).to_have_value("还没写完")


async def on_a_phone_one_pane_is_shown_at_a_time(desk: Screen) -> None:
    await desk.page.set_viewport_size({"width": NARROW[0], "height": NARROW[1]})
    await desk.page.goto(f"{desk.demo.origin}/sim")
    await expect(desk.page.locator("#person")).to_have_value("clerk")
    await expect(desk.page.locator("#chat")).to_be_hidden()
    await desk.page.get_by_test_id("room-members").click()
    await expect(desk.page.locator("#title")).to_have_text("成员单位群（34）")
    await expect(desk.page.locator("#list")).to_be_hidden()
    await desk.page.locator("#back").click()
    await expect(desk.page.get_by_test_id("room-private")).to_be_visible()
