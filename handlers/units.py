"""单位: a unit is renamed or merged by a word; its history, its people and what it owes stay with it."""

import re

from handlers.registry import OFFICE, Misunderstood, command
from handlers.request import Button, Request
from models import unit_changes
from models.people import Role
from models.roster import touch_roster
from models.rules.names import match_unit, split_audience
from models.rules.plain import plain
from models.units import Unit

ARROW = re.compile(r"\s*(?:→|-+>|=+>|⇒|改名为|更名为|改为|变更为|合并为|合并到|并入|成为|为)\s*")
SURE = re.compile(r"\s*(?:确定|确认)$")
NAME = re.compile(r"[\w·（）()]{2,40}")


@command(
    "单位", "单位改名", "单位合并", who=OFFICE | {Role.ADMIN}, glued=lambda rest: rest[:2] in ("改名", "合并", "更名")
)
async def change(request: Request, rest: str) -> None:
    """单位 改名 旧名 → 新名，单位 合并 甲、乙 → 丙：历史、待办和人都跟着走；旧名以后也认"""
    words = request.exact(rest)
    act = request.word.removeprefix("单位") or words[:2]
    if not request.word.removeprefix("单位"):
        words = words[2:]
    parts = ARROW.split(SURE.sub("", words).strip(" ：:"), maxsplit=1)
    if act not in ("改名", "更名", "合并") or len(parts) != 2 or not all(parts):
        raise Misunderstood("units_how")
    if act == "合并":
        await _merge(request, parts[0], parts[1], sure=bool(SURE.search(words)))
    else:
        await _rename(request, parts[0], parts[1])


async def _rename(request: Request, old: str, new: str) -> None:
    unit = await _held(request, old)
    name = _free(request, new, {unit.id})
    was = unit.name
    if name == was:
        raise Misunderstood("units_same", name=name)
    unit_changes.rename(unit, name)
    await touch_roster(request.session)
    await request.journal("unit.rename", f"unit:{name}", was=was)
    request.reply("unit_renamed", was=was, name=name)


async def _merge(request: Request, several: str, into: str, *, sure: bool) -> None:
    matched, unmatched, left = split_audience(f"{several}：x", request.roster.names)
    if unmatched or left != "x" or len(set(matched)) < 1:
        raise Misunderstood("unit_unclear", words="、".join(unmatched) or several, candidates=[])
    units = [await _held(request, name) for name in dict.fromkeys(matched)]
    target = match_unit(into, request.roster.names).unit
    survivor = await _held(request, target) if target == plain(into) else units[0]
    name = _free(request, into, {u.id for u in (*units, survivor)})
    others = [u for u in units if u.id != survivor.id]
    if not others:
        raise Misunderstood("units_how")
    names = list(dict.fromkeys([*(u.name for u in units), *([survivor.name] if survivor not in units else [])]))
    if not sure:
        key = f"单位 合并 {'、'.join(u.name for u in units)} → {name} 确定"
        request.reply("units_merge", names=names, name=name, key=key, buttons=[Button(key, "确定合并")])
        return
    unit_changes.rename(survivor, name)
    moved = await unit_changes.merge(request.session, survivor, others, request.now, request.me.id)
    request.gathering.events += moved.events
    request.gathering.changed |= moved.notices
    await touch_roster(request.session)
    await request.journal("unit.merge", f"unit:{name}", units=names)
    request.reply("units_merged", names=names, name=name, open=len(moved.notices), people=moved.people)


async def _held(request: Request, words: str) -> Unit:
    match = match_unit(words, request.roster.names)
    if match.unit is None:
        raise Misunderstood("unit_unclear", words=words, candidates=match.candidates)
    unit = await request.session.get(Unit, request.roster.by_name[match.unit].id)
    if unit is None:
        raise Misunderstood("unit_unclear", words=words, candidates=[])
    return unit


def _free(request: Request, words: str, own: set[int]) -> str:
    """A new name that means nobody else, now or in the past."""
    name = plain(words)
    if not NAME.fullmatch(name):
        raise Misunderstood("units_how")
    for unit in (*request.roster.units.values(), *request.roster.former.values()):
        if unit.id not in own and name in (unit.name, unit.full, *unit.aliases):
            raise Misunderstood("units_taken", name=name, unit=unit.name)
    return name
