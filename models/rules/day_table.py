"""The office's own table of 休/班 days, as a person types or exports it."""

import csv
import re
from datetime import date, timedelta

_OFF = {"休", "休息", "放假", "假", "假期", "节假日", "休假"}
_ON = {"班", "上班", "补班", "工作", "工作日", "调休上班", "上班日"}
_MONTH_DAY = r"(?P<{0}m>[0-9]{{1,2}})[-/.月](?P<{0}d>[0-9]{{1,2}})[日号]?"
_DATE = re.compile(
    r"(?P<y>[0-9]{4})[-/.年]" + _MONTH_DAY.format("") + r"(?:\s*(?:[-~—–至到]+)\s*"
    r"(?:(?:(?P<ly>[0-9]{4})[-/.年])?" + _MONTH_DAY.format("l") + r"|(?P<only>[0-9]{1,2})[日号]?))?"
)
_WEEKDAY_NOTE = re.compile(r"\s*[（(]?(?:周|星期)[一二三四五六日天][)）]?")
_LONGEST = 40  # days in one range; the longest real holiday has nine
_REMEDY = "请写成「2027-02-17 休」或「2027年10月1日-10月7日 休」"


def parse_days(text: str) -> tuple[dict[date, bool], list[str]]:
    """Read lines such as 「2027-02-17 休」, 「2027年10月1日-7日 休」 or CSV with columns 日期, 类型.

    Gives the days (True: works) of all good lines and one sentence per bad line, naming the line and the remedy.
    「#」 begins a comment; further columns are notes.
    """
    days: dict[date, bool] = {}
    faults: list[str] = []
    order = (0, 1)
    for number, raw in enumerate(text.lstrip("\ufeff").splitlines(), 1):
        line = _WEEKDAY_NOTE.sub("", raw.split("#")[0].replace("\u3000", " ")).strip()
        if not line.strip(","):
            continue
        if "日期" in line and not re.search(r"[0-9]", line):
            order = _columns(line)
            continue
        read = _read_line(line, order)
        if isinstance(read, str):
            faults.append(f"第{number}行「{raw.strip()[:30]}」：{read}")
            continue
        clash = next((day for day in read if days.get(day, read[day]) != read[day]), None)
        if clash:
            faults.append(f"第{number}行：{clash} 前面已写为「{'班' if days[clash] else '休'}」，请只留一行")
            continue
        days.update(read)
    return days, faults


def _columns(header: str) -> tuple[int, int]:
    names = [name.strip() for name in re.split(r"[,，\t;；]", header)]
    kind = next((at for at, name in enumerate(names) if name in ("类型", "休/班", "休班", "班休")), 1)
    return next(at for at, name in enumerate(names) if "日期" in name), kind


def _read_line(line: str, order: tuple[int, int]) -> dict[date, bool] | str:
    """The days of one line, or what is wrong with it."""
    try:
        cells = [cell.strip() for cell in next(csv.reader([re.sub(r"[，\t;；]", ",", line)]))]
    except (csv.Error, StopIteration):
        return f"读不懂，{_REMEDY}"
    if len(cells) > max(order):
        span, kind = _DATE.fullmatch(cells[order[0]]), cells[order[1]]
    else:
        span = _DATE.match(line)
        rest = line[span.end() :].strip(" :：") if span else ""
        kind = rest.split()[0] if rest else ""
    if not span:
        return f"没有认出日期，{_REMEDY}"
    works = True if kind in _ON else False if kind in _OFF else None
    if works is None:
        return f"没有写明休还是班，{_REMEDY}"
    return _spread(span, works)


def _spread(span: re.Match[str], works: bool) -> dict[date, bool] | str:
    year, month = int(span["y"]), int(span["m"])
    try:
        first = last = date(year, month, int(span["d"]))
        if span["only"]:
            last = date(year, month, int(span["only"]))
        elif span["lm"]:
            last = date(int(span["ly"] or year), int(span["lm"]), int(span["ld"]))
            if last < first and not span["ly"]:
                last = last.replace(year=year + 1)
    except ValueError:
        return f"没有这一天，{_REMEDY}"
    if last < first:
        return "结束日期早于开始日期，请对调"
    if (last - first).days >= _LONGEST:
        return f"一行超过{_LONGEST}天，请核对日期或分行写"
    return {first + timedelta(days=ahead): works for ahead in range((last - first).days + 1)}
