"""What is handed to those who run it: the units, the compose file and the dashboard fit the program as it is."""

import json
import re
import shlex
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import door as doors
from prometheus_client.parser import text_string_to_metric_families

from bot import inherited
from bot.__main__ import parser
from bot.tables import known_keys

PLACE = Path(__file__).resolve().parents[2] / "bot" / "operations"


def read(name: str) -> str:
    return (PLACE / name).read_text(encoding="utf-8")


async def test_the_dashboard_asks_for_every_metric_there_is_and_for_no_other(tmp_path: Path) -> None:
    async with doors.opened(tmp_path / "data") as door, door.client.get("/metrics") as answer:
        families = list(text_string_to_metric_families(await answer.text()))
    there = {f.name + ("_total" if f.type == "counter" else "") for f in families}
    board = json.loads(read("grafana.json"))
    expressions = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    expressions.append(board["templating"]["list"][1]["query"]["query"])
    assert set(re.findall(r"shoudao_\w+", " ".join(expressions))) == there
    states = {sample.labels["state"] for f in families for sample in f.samples if "state" in sample.labels}
    assert set(re.findall(r'state="(\w+)"', " ".join(expressions))) <= states


def test_the_dashboard_is_one_that_grafana_shows() -> None:
    board: dict[str, Any] = json.loads(read("grafana.json"))
    assert board["uid"] == "shoudao" and board["schemaVersion"] >= 36
    panels = board["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken = set()
    for panel in panels:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        taken |= cells


def test_the_unit_starts_a_command_that_the_program_takes_with_the_socket_s_address() -> None:
    unit, held = ConfigParser(strict=False), ConfigParser()
    unit.optionxform = held.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read_string(read("shoudao.service"))
    held.read_string(read("shoudao.socket"))
    parser().parse_args(shlex.split(unit["Service"]["ExecStart"])[1:])
    assert unit["Unit"]["Requires"] == "shoudao.socket"
    assert unit["Service"]["LimitCORE"] == "0"
    assert held["Socket"]["ListenStream"] == "127.0.0.1:8080" and held["Socket"]["Accept"] == "no"
    assert int(held["Socket"]["Backlog"]) == inherited.QUEUE


def test_the_compose_file_sets_only_keys_that_exist() -> None:
    text = read("compose.yaml")
    known = {f"SHOUDAO_{key.section.strip('[]').replace('.', '__')}__{key.name}".upper() for key in known_keys()}
    named = set(re.findall(r"^\s+(SHOUDAO_\w+):", text, re.MULTILINE))
    assert named and named <= known, named - known
    assert {"SHOUDAO_DATA__SHARED", "SHOUDAO_DATABASE__URL"} <= named
    replicas = set(re.findall(r"^  (shoudao-\w+):", text, re.MULTILINE))
    assert replicas == set(re.findall(r"server (shoudao-\w+):8080", read("nginx.conf"))) == {"shoudao-a", "shoudao-b"}
    volumes = re.findall(r'volumes: \[".+?", "(\w+):/data", "(\w+):/shared"\]', text)
    assert len({own for own, _ in volumes}) == len(volumes) == 2 and len({shared for _, shared in volumes}) == 1
