"""A small office, so that weeks pass quickly."""

import csv
from pathlib import Path

UNITS = ("市公安局", "市司法局", "市水利局", "寿县", "凤台县", "大通区")


def small_roster(folder: Path) -> Path:
    """Six units, three of either group; the first and the fourth have a B角 and a 负责人 who can be written to."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "roster.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["序号", "单位", "类别", "联络员", "账号", "B角", "负责人"])
        for number, unit in enumerate(UNITS, 1):
            kind = "成员单位" if unit.startswith("市") else "县区"
            ladder = [f"副手（b{number}）", f"负责人（l{number}）"] if number in (1, 4) else ["", ""]
            writer.writerow([number, unit, kind, f"{unit}联络员", f"u{number}", *ladder])
    return path
