"""Roles come from the configuration; what makes somebody more powerful waits until the auditor agrees."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bot import control, service
from bot.settings import Settings, SettingsError, load_settings
from models.journal import Entry
from models.roster import load_roster

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
OFFICE = {"clerk": ["clerk"], "head": ["head"], "aud": ["auditor"]}


def settings(folder: Path, url: str, people: dict[str, list[str]]) -> Settings:
    listed = [{"id": name, "name": f"姓{name}", "roles": roles} for name, roles in people.items()]
    return Settings(data={"dir": folder}, database={"url": url}, office={"person": listed})  # type: ignore[arg-type]


async def run(configured: Settings, *said: tuple[str, str]) -> tuple[dict[str, set[str]], list[str]]:
    """Start, say things, stop: everybody's roles then, and what was answered."""
    answers: list[str] = []
    async with service.opened(configured) as opened:
        for person, words in said:
            answer: dict[str, Any] = await control.say(opened.bot, opened.terminal, words, person, None)
            answers += answer["answers"]
        async with opened.bot.store.read() as session:
            roster = await load_roster(session)
            answers += [e.act for e in await session.scalars(select(Entry).order_by(Entry.id)) if "roles" in e.act]
    return {name: set(map(str, member.roles)) for name, member in roster.people.items()}, answers


async def test_a_role_given_by_the_configuration_waits_for_the_auditor(tmp_path: Path, database: str) -> None:
    first = settings(tmp_path, database, OFFICE)
    more = settings(tmp_path, database, OFFICE | {"eve": ["lead_officer"]})
    roles, said = await run(first)
    assert roles["aud"] == {"auditor"} and said == ["roles.first"]
    roles, said = await run(more, ("eve", "线索清单"), ("clerk", "同意 1"))
    assert roles["eve"] == set()
    assert "不能用" in said[0] and "不能用" in said[1] and said[2:] == ["roles.first", "roles.assign.ask"]
    roles, said = await run(more, ("aud", "同意"))  # asked once, however often it starts
    assert roles["eve"] == {"lead_officer"}
    assert said[-2:] == ["roles.assign.ask", "roles.assign"]
    roles, said = await run(more)
    assert roles["eve"] == {"lead_officer"} and len(said) == 3


async def test_what_the_configuration_takes_back_before_is_not_agreed_to_any_more(
    tmp_path: Path, database: str
) -> None:
    await run(settings(tmp_path, database, OFFICE))
    await run(settings(tmp_path, database, OFFICE | {"eve": ["lead_officer"]}))
    roles, said = await run(settings(tmp_path, database, OFFICE), ("aud", "同意 1"))
    assert "没有待确认" in said[0] and "eve" not in roles


async def test_a_role_taken_away_is_gone_at_once_but_the_auditors(tmp_path: Path, database: str) -> None:
    await run(settings(tmp_path, database, OFFICE | {"eve": ["lead_officer"]}))
    roles, said = await run(settings(tmp_path, database, {"clerk": ["clerk"], "head": ["head"]}))
    assert "eve" not in roles and roles["aud"] == {"auditor"}
    assert said == ["roles.first", "roles.assign.ask", "roles.assign"]
    roles, _ = await run(settings(tmp_path, database, {"clerk": ["clerk"], "head": ["head"]}), ("head", "同意"))
    assert "aud" not in roles


@pytest.mark.parametrize(
    ("written", "word"),
    [
        ('[[office.person]]\nid = "a"\nname = "甲"\nroles = ["lead_officer", "auditor"]', "由不同的人担任"),
        ('[[office.person]]\nid = "a"\nname = "甲"\nroles = ["admin", "lead_officer"]', "由不同的人担任"),
        ('[office]\nsecond_person = ["mention_al"]', "没有 mention_al 这一项"),
    ],
    ids=["officer and auditor", "officer and administrator", "misspelt act"],
)
def test_one_person_cannot_be_all_three_and_a_misspelt_act_is_named(
    tmp_path: Path, database: str, written: str, word: str
) -> None:
    path = tmp_path / "config.toml"
    path.write_text(written, encoding="utf-8")
    with pytest.raises(SettingsError, match=word):
        load_settings(path)
