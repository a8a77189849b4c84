"""How a verb is declared and found: decorators mark, `load()` walks the folder and collects.

A command is one file with an async function under `@command("谁", who=STAFF)`; the first line of its docstring is its
help, in the words of its users. `@listener` reads what is no command, `@tick` is called when time passes, `@agreed`
when the second person has agreed, and `@before_commit` runs once at the end of a transaction.
"""

import importlib
import pkgutil
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from models.people import Role
from models.permissions import COMMANDS, may_say

STRANGER: Final = "stranger"  # of a platform's directory, but not of the roster
ANYONE = frozenset(Role)
OFFICE = frozenset({Role.CLERK, Role.HEAD})
LIAISONS = frozenset({Role.LIAISON})
NUMBERS = OFFICE | {Role.AUDITOR}


class Where(StrEnum):
    ANYWHERE = "anywhere"
    PRIVATE = "private"


PASS: Final = "pass"  # noqa: S105  # a handler's answer: these words were not meant for me
Run = Callable[..., Awaitable[str | None]]
Due = Callable[[Any, datetime, int], Awaitable[Sequence[Any]]]
NextDue = Callable[[Any], Awaitable[datetime | None]]
# After a command's word comes nothing, a space, a mark or a number, unless its own `glued` rule says otherwise.
BOUNDARY = re.compile(r"$|[\s\d:：,，、;；.。!！?？〔(（“\"']")


class Refusal(Exception):
    """A deliberate no: an answer in the words of a template, not an error. Raise it before changing anything."""

    def __init__(self, template: str, **facts: Any) -> None:
        super().__init__(template)
        self.template, self.facts = template, facts


class Misunderstood(Refusal):
    """The words could not be read."""


class NotAllowed(Refusal):
    """This person may not."""


@dataclass(frozen=True)
class Command:
    """`glued(rest)` says whether `rest` may follow the word without a space. `hot` handlers only add rows to the
    gathering, so that dispatch need not write what others gathered before them."""

    words: tuple[str, ...]
    run: Run
    who: frozenset[str]
    where: Where
    glued: Callable[[str], bool] | None
    hidden: bool
    usage: str
    name: str


@dataclass(frozen=True)
class Listener:
    order: int
    run: Run
    hot: bool
    warm: Run | None
    name: str


@dataclass(frozen=True)
class Tick:
    """`due` lists up to n items waiting at an instant, `next` says when the next one will be.

    One item at a time is handed to `run`, or several `together` where that saves statements: it then looks for itself
    whether each is still due."""

    name: str
    run: Run
    due: Due
    next: NextDue
    together: bool = False


@dataclass(frozen=True)
class Agreed:
    """`act` as the journal names it, one of `permissions.SECONDS`."""

    act: str
    run: Run


@dataclass
class Registry:
    commands: list[Command] = field(default_factory=list)
    by_word: dict[str, Command] = field(default_factory=dict)
    listeners: list[Listener] = field(default_factory=list)
    ticks: list[Tick] = field(default_factory=list)
    agreed: dict[str, Run] = field(default_factory=dict)
    finishers: list[Run] = field(default_factory=list)
    longest: int = 0  # letters of the longest word

    def add(self, marked: Any) -> None:
        match marked:
            case Command():
                for word in marked.words:
                    if word in self.by_word:
                        raise ValueError(f"two commands say {word}: {self.by_word[word].name}, {marked.name}")
                    self.by_word[word] = marked
                    self.longest = max(self.longest, len(word))
                self.commands.append(marked)
            case Listener():
                self.listeners.append(marked)
                self.listeners.sort(key=lambda one: one.order)
            case Tick():
                self.ticks.append(marked)
            case Agreed():
                self.agreed[marked.act] = marked.run
            case _:
                self.finishers.append(marked)

    def narrow(self) -> None:
        """Let each command be said only by those whom the table of permissions names; without a row, by nobody."""
        for number, one in enumerate(self.commands):
            allowed = may_say(one.name) | {STRANGER} if one.name in COMMANDS else frozenset[str]()
            self.commands[number] = replace(one, who=one.who & allowed)
            self.by_word.update(dict.fromkeys(one.words, self.commands[number]))

    def find(self, text: str) -> tuple[Command, str, str] | None:
        """The command that `text` begins with, the word used, and the rest. The longest word wins."""
        for length in range(min(len(text), self.longest), 0, -1):
            word = text[:length]
            command = self.by_word.get(word)
            if command is None:
                continue
            rest = text[length:]
            if BOUNDARY.match(rest) or (command.glued is not None and command.glued(rest)):
                return command, word, rest.lstrip(" :：,，、").rstrip()
        return None


REGISTRY = Registry()


def command(
    *words: str,
    who: frozenset[Role] | frozenset[str],
    where: Where = Where.ANYWHERE,
    glued: Callable[[str], bool] | None = None,
    hidden: bool = False,
) -> Callable[[Run], Run]:
    """Declare a command: the words it answers to and the roles that may say them. Nobody else may: deny by default."""

    def mark(run: Run) -> Run:
        usage = (run.__doc__ or "").strip().split("\n")[0]
        if not usage:
            raise ValueError(f"{run.__module__} has a command without help")
        REGISTRY.add(
            Command(
                words=words,
                run=run,
                who=frozenset(who),
                where=where,
                glued=glued,
                hidden=hidden,
                usage=usage,
                name=run.__module__.removeprefix("handlers.") + "." + getattr(run, "__name__", ""),
            )
        )
        return run

    return mark


def listener(order: int, *, hot: bool = False, warm: Run | None = None) -> Callable[[Run], Run]:
    """Declare a reader of what is no command; lower orders read first. `warm` sees all requests of a batch at once."""

    def mark(run: Run) -> Run:
        name = run.__module__.removeprefix("handlers.")
        REGISTRY.add(Listener(order=order, run=run, hot=hot, warm=warm, name=name))
        return run

    return mark


def tick(name: str, *, due: Due, next: NextDue, together: bool = False) -> Callable[[Run], Run]:
    """Declare what happens when time passes: the function takes one item of `due`, or a list of them if `together`."""

    def mark(run: Run) -> Run:
        REGISTRY.add(Tick(name=name, run=run, due=due, next=next, together=together))
        return run

    return mark


def agreed(act: str) -> Callable[[Run], Run]:
    """Declare how an act is done that needed more than one person: with the request of the last who agrees, and the
    approval. It refuses before it changes anything."""

    def mark(run: Run) -> Run:
        REGISTRY.add(Agreed(act=act, run=run))
        return run

    return mark


def before_commit(run: Run) -> Run:
    """Declare what is done once for a whole transaction, with its gathering, before it commits."""
    REGISTRY.add(run)
    return run


def load() -> Registry:
    """Import every verb in this folder, once."""
    for module in pkgutil.iter_modules([str(Path(__file__).parent)]):
        importlib.import_module(f"handlers.{module.name}")
    REGISTRY.narrow()
    return REGISTRY
