"""From a template's name and facts to text; the only file that knows Jinja2.

Every value that a template prints is neutralised on its way (`finalize`), so that nothing a user typed can become a
mention, a link, a formula or a template; what the template itself says is ours and stays as it is.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from models.rules.neutral import neutralise
from models.rules.notice_words import title

FOLDER = Path(__file__).resolve().parent.parent / "templates"
MOST = 20_000


def _harmless(value: Any) -> Any:
    return neutralise(value) if isinstance(value, str) else value


def cell(value: object) -> str:
    """A value in one cell of a Markdown table."""
    return neutralise(str(value), one_line=True)


def number(value: float) -> str:
    """A figure as people write it: no decimals that say nothing."""
    return str(int(value)) if float(value).is_integer() else f"{value:g}"


def numbers(notices: Iterable[int]) -> str:
    """Several notices by their numbers: 〔12号〕〔13号〕."""
    return "".join(f"〔{one}号〕" for one in notices)


class Renderer:
    """Chat messages of one language: `templates/<language>/<name>.md.j2`."""

    def __init__(self, language: str = "zh") -> None:
        self._language = language

    def __call__(self, template: str, facts: Mapping[str, Any]) -> str:
        """Render with trailing blank lines removed. A missing fact is an error, not an empty word."""
        text: str = _template(self._language, template).render(facts)
        return text.strip()[:MOST]


@cache
def _template(language: str, name: str) -> Template:
    found = _environment(language).get_template(f"{name}.md.j2")
    found.globals = dict(found.globals)  # a ChainMap, copied at every rendering, is slow to walk
    return found


@cache
def _environment(language: str) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(FOLDER / language),
        undefined=StrictUndefined,
        finalize=_harmless,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # noqa: S701  # chat text, not HTML; `finalize` is our escaping
    )
    environment.filters |= {"number": number, "numbers": numbers, "cell": cell, "title": title}
    return environment


class Pages:
    """HTML pages and the fragments that they are made of: `templates/pages/<name>.html`. Every value is escaped."""

    def __init__(self) -> None:
        self._environment = Environment(
            loader=FileSystemLoader(FOLDER / "pages"),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            autoescape=True,
            auto_reload=False,
        )

    def __call__(self, page: str, **facts: Any) -> str:
        return self._environment.get_template(f"{page}.html").render(facts)
