"""删照片: a photo that should not have been sent goes, its file with it; what asked for it waits for it again."""

import re
from typing import Any

from handlers.proxy import unit_meant
from handlers.registry import LIAISONS, OFFICE, PASS, Misunderstood, command
from handlers.request import Request
from handlers.withdraw import wait_again
from models import notices, photos, pieces
from models.notices import Kind
from models.receipts import Receipt, ReceiptState
from models.reports import Report
from models.rules.chinese_numbers import read_whole
from models.rules.demands import say

WHICH = re.compile(r"^(?:第)?([0-9一二两三四五六七八九]{1,2})张?(?![0-9])")
ALL = ("全部", "都删", "全删", "所有")


@command("删照片", "删除照片", "删图片", "删除图片", "删图", who=LIAISONS | OFFICE)
async def delete_photo(request: Request, rest: str) -> str | None:
    """删照片 [第2张|全部]：删掉自己最近一次上报里的照片（办公室：删照片 单位 [第2张|全部] 缘由）"""
    if request.me.is_staff:
        unit, rest = unit_meant(request, rest)
        report = await photos.newest_with(request.session, units=request.roster.lineage(unit.id))
    elif request.unit is not None:
        report = await photos.newest_with(request.session, by=request.me.id)
    else:
        return PASS
    if report is None:
        raise Misunderstood("photo_none")
    gone, why = _which(report, rest)
    for name in gone:
        await _delete(request, report, name)
    number, lacking = await _lacks_again(request, report)
    unit_name = owner.name if (owner := request.roster.unit_of(report.unit_id)) is not None else ""
    await request.journal("photo.delete", f"report:{report.id}", unit=unit_name, count=len(gone), why=why)
    request.reply(
        "photo_deleted", count=len(gone), left=len(report.photos), unit=unit_name, number=number, lacking=lacking
    )
    if report.by != request.me.id and report.by in request.roster.people:
        key = f"photo deleted:{report.id}:{request.incoming.channel}:{request.incoming.external_id}"
        request.tell(report.by, "photo_deleted_told", key=key, office_hours=True, count=len(gone), why=why)
    return None


def _which(report: Report, words: str) -> tuple[list[str], str]:
    """The photos that the words mean, and what else they say. Raises Misunderstood: of several, none is guessed."""
    for word in ALL:
        if words.startswith(word):
            return list(report.photos), words.removeprefix(word).strip(" ，,。：:")
    match = WHICH.match(words)
    place = read_whole(match[1]) if match is not None else None
    if match is not None and place is not None:
        if not 0 < place <= len(report.photos):
            raise Misunderstood("photo_which", count=len(report.photos))
        return [report.photos[place - 1]], words[match.end() :].strip(" ，,。：:")
    if len(report.photos) > 1:
        raise Misunderstood("photo_which", count=len(report.photos))
    return list(report.photos), words


async def _delete(request: Request, report: Report, name: str) -> None:
    report.photos = [one for one in report.photos if one != name]
    await request.session.flush()
    await photos.take_from_room(request.session, report.source_message, name)
    if not await photos.is_shown(request.session, name):
        await request.around.photos.forget(name)


async def _lacks_again(request: Request, report: Report) -> tuple[int | None, str]:
    """The number of the notice that had asked for it and now lacks it, and what it lacks."""
    if report.notice_id is None:
        return None, ""
    notice = (await notices.of_ids(request.session, [report.notice_id]))[report.notice_id]
    receipt: Any = await request.session.get(Receipt, (notice.id, report.unit_id), populate_existing=True)
    if notice.kind != Kind.FILE or receipt is None:
        return None, ""
    if notice.demands:
        lacking = say(await pieces.left(request.session, notice.id, report.unit_id, notice.text))
        receipt.lacking = lacking
    else:
        lacking = "" if await photos.any_sent(request.session, notice.id, report.unit_id) else "照片或文件"
    if lacking and receipt.done_at is not None:
        receipt.state, receipt.done_at = ReceiptState.ACKED, None
        wait_again(request, notice, receipt)
    return (notice.number, lacking) if lacking else (None, "")
