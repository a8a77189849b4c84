"""The table of permissions through the real handlers: what a no is, what `own` is, what numbers are, what two are.

A no: the words of every command, said by every role that may not; the answer says so and nothing but the journal, which
notes the attempt, has changed. `own`: about an own thing it is done, about another's it is refused.
"""

import dataclasses
import hashlib
from pathlib import Path

import pytest
from sqlalchemy import inspect, text
from sqlalchemy.ext.asyncio import AsyncSession
from world import World

from handlers.registry import Where, load
from models.people import Person
from models.permissions import CELLS, COMMANDS
from models.roster import touch_roster

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
HERE = Path(__file__).parent
BY_NAME = {command.name: command for command in load().commands}
# One who holds the role, and no other.
WHO = {"LIA": ("u018",), "COO": ("clerk", "head"), "LEO": ("lead1",), "SAD": ("root",), "AUD": ("auditor",)}
# What follows the word, where something must for the command to be found.
REST = {
    "bind.bind": " 成员单位群",
    "lead.nameless": " 暗号 蓝色风筝88 有人聚赌",
    "lead.report": " 某地有人开赌场",
    "notice.draft": " 明天上午9点开会，请各单位签收",
    "proxy.proxy": " 市公安局 收到",
    "report.report": " 宣传单5份",
    "duty.plan": " 每月25日前报线索数",
    "introduce.introduce": "市公安局联络员 张三",
    "burden.complain": " 表太多",
    "handover.hand_over": " 张三",
    "phone.phoned": " 市公安局 1",
    "send_back.send_back": " 市公安局 1 措施不具体",
    "send_back.extend": " 1 周五 缘由",
    "chase.urge": " 1",
    "close.close": " 1",
    "close.recall": " 1",
    "correct.correct": " 1 周五",
    "relay.relay": " 1\n1. 市公安局 收到",
}
QUIET = ("inbox", "outbox", "journal", "marks", "alarms")


def words_for(name: str) -> str:
    word = next(word for word in BY_NAME[name].words if not word.endswith(" L") and not word.endswith(" l"))
    return word + ("-0001 公安" if word.endswith("L") else REST.get(name, ""))


async def opened_with_an_administrator(office: World) -> None:
    """A lead, an open notice, and somebody who is an administrator and nothing else."""

    async def unit(session: AsyncSession) -> None:
        session.add(Person(id="root", name="管理员", roles=["admin"]))
        await touch_roster(session)

    await office.demo.bot.store.write(unit)
    (await office.says("clerk", "通知 各部门明天上午9点开会，请签收")).all_to()
    (await office.says("clerk", "发")).all_to()
    (await office.says("u019", "线索 某地有人开赌场")).all_to()


async def standing(office: World) -> str:
    """Everything that is stored, but what came in, what went out and what was noted."""
    digest = hashlib.sha256()
    async with office.demo.bot.store.read() as session:
        names = await (await session.connection()).run_sync(lambda c: sorted(inspect(c).get_table_names()))
        for name in names:
            if name not in QUIET:
                rows = await session.execute(text(f"SELECT * FROM {name}"))
                digest.update(repr(sorted(repr(tuple(row)) for row in rows)).encode())
    return digest.hexdigest()


async def noted(office: World) -> int:
    async with office.demo.bot.store.read() as session:
        return int((await session.execute(text("SELECT count(*) FROM journal WHERE act = 'refused'"))).scalar_one())


@pytest.mark.parametrize("column", WHO)
async def test_a_no_is_a_no_and_is_written_down(office: World, column: str) -> None:
    await opened_with_an_administrator(office)
    refused = [name for name, act in COMMANDS.items() if CELLS[act][column] in ("-", "key")]
    before = await standing(office)
    for person in WHO[column]:
        for name in refused:
            command, already = BY_NAME[name], await noted(office)
            said = await office.says(person, words_for(name))
            answer = said.to(person).text
            assert "不能用" in answer, (name, person, answer)
            assert await noted(office) == already + 1, (name, person)
            said.nothing()
            assert command.where is Where.PRIVATE or "L-0001" not in answer.replace(words_for(name), "")
    assert await standing(office) == before
    assert refused or column == "COO"


# -- own ---------------------------------------------------------------------------------------------------------------

# A liaison's word about an own thing, and the same about another unit's or another person's. `…` is what must not be
# in the answer. Where a command has no way to name another's, its name says so.
OWN = {
    "full_text.full_text": ("全文 1", None, ""),
    "help.show_help": ("帮助", None, ""),
    "todo.todo": ("待办", None, ""),
    "who.who": ("谁没收到 1", "谁没收到 1 市公安局", "市公安局"),
    "who.progress": ("进度 1", "进度 1 市公安局", "市公安局"),
    "totals.totals": ("这个月报了多少", "这个月报了多少 市公安局", "市公安局"),
    "delete_photo.delete_photo": ("删照片", "删照片 市公安局", ""),
    "figures.details": ("明细", "明细 市公安局", ""),
    "report.report": ("报 宣传单5份", "报 市公安局 宣传单500份", ""),
    "report.zero": ("零报告", None, ""),
    "attach.not_a_file": ("不是附件", None, ""),
    "report.reply": ("回复 1 已办", "回复 2 已办", ""),
    "withdraw.withdraw": ("撤销 1", "撤销 2", ""),
    "notice.change": ("改 5份", "改 2 明天下班前", ""),
    "send_back.extend": ("延期 1 周五 缘由", "延期 2 周五 缘由", ""),
    "incident.first": ("突发 淮河大堤渗水", None, ""),
    "incident.update": ("续报 已处置", "续报 9 已处置", ""),
    "incident.final": ("终报 结束", "终报 9 结束", ""),
    "leave.leave": ("请假 12月1日-5日", None, ""),
    "leave.back": ("销假", None, ""),
    "leave.quiet": ("今天别催", None, ""),
    "handover.hand_over": ("移交 张三", None, ""),
    "lead_follow.follow": ("查 L-0002", "查 L-0001", "登记"),
    "lead_more.add": ("补充 L-0002 还有", "补充 L-0001 还有", "已补充"),
    "lead_more.finish": ("完", None, ""),
    "lead_receive.sign": (None, "签收 L-0001", "Y-"),
}
ANSWERS = {name for name, act in COMMANDS.items() if act == "answer a question"}


@pytest.mark.usefixtures("database")
def test_every_own_of_a_liaison_is_tried() -> None:
    own = {name for name, act in COMMANDS.items() if CELLS[act]["LIA"] == "own"}
    assert own == set(OWN) | ANSWERS


async def two_notices(office: World) -> None:
    """Number 1 is asked of everybody, number 2 of another unit alone; an own lead and another's."""
    for words in ("各部门明天上午9点开会，请签收", "市公安局：后天上午9点开会，请签收"):
        (await office.says("clerk", f"通知 {words}")).all_to()
        (await office.says("clerk", "发")).all_to()
    for person in ("u019", "u018"):
        (await office.says(person, "线索 某地有人开赌场")).all_to()


async def others(office: World) -> str:
    """All that stands about units and people other than u018's."""
    digest = hashlib.sha256()
    async with office.demo.bot.store.read() as session:
        unit = (await session.execute(text("SELECT unit_id FROM people WHERE id = 'u018'"))).scalar_one()
        for query in (
            f"SELECT notice_id, unit_id, state, acked_at, done_at, extended_to FROM receipts WHERE unit_id <> {unit}",
            f"SELECT notice_id, unit_id, what, at FROM receipt_events WHERE unit_id <> {unit} AND what <> 'delivered'",
            f"SELECT id, unit_id FROM reports WHERE unit_id <> {unit}",
            f"SELECT id, quiet_until FROM units WHERE id <> {unit}",
            "SELECT id, roles, leave_from, stand_in, wecom FROM people WHERE id <> 'u018'",
            "SELECT number, text, state, ack_due, done_due FROM notices",
            "SELECT number, stage, part_of FROM leads WHERE number = 1",
        ):
            digest.update(repr(sorted(repr(tuple(row)) for row in await session.execute(text(query)))).encode())
    return digest.hexdigest()


async def test_own_is_done_and_anothers_is_not(office: World) -> None:
    await two_notices(office)
    before = await others(office)
    for name, (own, other, secret) in OWN.items():
        if other is not None:
            answer = str(said := await office.says("u018", other))
            said.all_to()
            assert not secret or secret not in answer.replace(other, ""), (name, answer)
            assert await others(office) == before, name
        if own is not None:
            (said := await office.says("u018", own)).to("u018")
            said.all_to()
            assert await others(office) == before, name


NUMBERS = (
    ("auditor", "谁没收到 1"),
    ("auditor", "进度"),
    ("auditor", "线索统计"),
    ("clerk", "线索统计"),
    ("root", "线索统计"),
)


async def test_where_only_numbers_may_be_seen_there_are_no_names(office: World) -> None:
    await opened_with_an_administrator(office)
    roster = await office.posts.roster()
    for person, words in NUMBERS:
        answer = (await office.says(person, words)).to(person).text
        assert any(letter.isdigit() for letter in answer)
        assert not [u.name for u in roster.units.values() if u.name in answer] and "L-0001" not in answer
        if person in ("auditor", "root") and "线索" in words:
            assert "1条" not in answer and "不足3" in answer


async def test_another_persons_question_is_not_mine_to_answer(office: World) -> None:
    """Every word that answers a question, said by people who were not asked, while a question of another is open."""
    (await office.says("u018", "昨晚看见张三在桥下收钱")).all_to()
    (await office.says("clerk", "通知 各部门明天上午9点开会，请签收")).all_to()
    (await office.says("clerk", "发")).all_to()
    (await office.says("u018", "延期 1 周五 缘由")).all_to()
    (await office.says("u020", "线索 某地有人开赌场")).all_to()
    (await office.says("lead1", "销毁 L-0001")).all_to()

    async def waiting() -> list[str]:
        async with office.demo.bot.store.read() as session:
            rows = [
                repr(tuple(r))
                for r in await session.execute(text("SELECT id, act, agreed_by, ended_at FROM approvals"))
            ]
            asked = await session.execute(text("SELECT id, ask, person FROM questions WHERE answered_at IS NULL"))
            return [*rows, *[repr(tuple(row)) for row in asked]]

    before = await waiting()
    assert len(before) >= 3
    for name in sorted(ANSWERS):
        for word in BY_NAME[name].words:
            for rest in ("", " 1", " 2"):
                (await office.says("u019", word + rest)).all_to()
    assert set(before) <= set(await waiting())


@dataclasses.dataclass(frozen=True)
class Phrase:
    words: str
    room: str | None


def phrases() -> list[Phrase]:
    """`private` or `room`, and the words, one a line."""
    lines = (HERE / "spoofs.tsv").read_text(encoding="utf-8").splitlines()
    found = []
    for line in lines:
        if line and not line.startswith("#"):
            where, words = line.split("\t")
            found.append(Phrase(words.replace("\\n", "\n"), "members" if where == "room" else None))
    return found


async def test_two_hundred_phrases_for_another_unit_ack_nothing_and_show_nothing(office: World) -> None:
    """Said by 市水利局; whatever they do, they do not to another unit, and tell nothing of one."""
    found = phrases()
    assert len(found) >= 200 and len({p.words for p in found}) == len(found)
    await two_notices(office)
    (await office.says("u007", "收到")).all_to()
    (await office.says("u007", "报 摸排线索77条")).all_to()
    before, roster = await others(office), await office.posts.roster()
    shown = {u.name for u in roster.units.values()} - {"市水利局"}
    async with office.demo.bot.store.read() as session:
        start = int((await session.execute(text("SELECT max(id) FROM outbox"))).scalar_one())
    mine, last = {"u018", office.demo.simulator.names.of("u018")}, 0
    for number, phrase in enumerate(found, 1):
        await office.posts.message({"from": "u018", "room": phrase.room, "text": phrase.words})
        named = phrase.words + "".join(u.full + u.name for u in roster.units.values() if u.name in phrase.words)
        async with office.demo.bot.store.read() as session:
            query = text("SELECT id, person, room, body FROM outbox WHERE id > :last ORDER BY id")
            answers = (await session.execute(query, {"last": last})).all()
        for answer in answers:
            last = answer.id
            if last > start and (answer.person in mine or answer.room is not None):
                told = [name for name in shown if name in answer.body and name not in named]
                assert not told and "77" not in answer.body, (phrase, answer.body)
        if number % 20 == 0 or number == len(found):
            assert await others(office) == before, found[max(number - 20, 0) : number]
    (await office.listen()).all_to()
