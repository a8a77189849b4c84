"""Who may do what: one table, from which every command, every route and the test of every cell take it.

Deny by default: an act that has no row is nobody's, and a command or a route that names no act fails the build.
"""

from dataclasses import dataclass

from models.people import Role

# PUB public · MEM rostered member · LIA unit liaison · COO the office · LEO lead officer · SAD administrator · AUD auditor
# yes · own: own unit or own item · n: numbers only · 2: needs a second person · key: no role grants it, a private key does
_TABLE = """
act                     PUB  MEM  LIA  COO  LEO  SAD  AUD
draft notice            -    -    -    yes  -    -    -
send notice             -    -    -    yes  -    -    -
send to everybody       -    -    -    2    -    -    -
settle unknown          -    -    -    yes  -    -    -
repeat to everybody     -    -    -    2    -    -    -
correct notice          -    -    -    yes  -    -    -
acknowledge             -    own  own  -    -    -    -
acknowledge for others  -    -    -    2    -    -    -
withdraw                -    own  own  yes  -    -    -
see who is missing      -    own  own  yes  -    -    n
chase                   -    -    -    yes  -    -    -
change reminders        -    -    -    yes  -    -    -
report                  -    own  own  -    -    -    -
see progress            -    own  own  yes  -    -    n
delete photo            -    own  own  yes  -    -    -
tell lead               yes  yes  yes  yes  yes  yes  yes
follow own lead         yes  own  own  own  own  own  own
see number of leads     -    -    -    n    yes  n    n
fetch lead ciphertext   -    -    -    -    yes  -    -
read lead text          -    -    -    -    key  -    -
move lead               -    -    -    -    yes  -    -
sign for lead           -    own  own  -    yes  -    -
destroy lead early      -    -    -    -    2    -    -
change recipients       -    -    -    -    2    -    -
send feedback           yes  yes  yes  yes  yes  yes  yes
read feedback           -    -    -    yes  -    -    -
export                  -    -    own  yes  -    -    -
edit roster             -    -    own  yes  -    yes  -
decide on roster        -    -    -    yes  -    -    -
change units            -    -    -    yes  -    yes  -
read roster             -    -    -    yes  -    yes  -
assign roles            -    -    -    -    -    2    -
configure               -    -    -    -    -    yes  -
freeze                  -    -    -    yes  yes  yes  yes
thaw                    -    -    -    yes  -    yes  -
read journal            -    -    -    -    own  -    yes
change journal          -    -    -    -    -    -    -
back up                 -    -    -    -    -    yes  -
own matters             -    own  own  own  own  own  own
own unit                -    own  own  -    -    -    -
answer a question       -    own  own  own  own  own  own
ask for extension       -    own  own  yes  -    -    -
say who one is          yes  yes  yes  yes  yes  yes  yes
run the office          -    -    -    yes  -    -    -
see outbox              -    -    -    yes  -    yes  -
see alarms              -    -    -    yes  -    yes  yes
see reports             -    -    -    yes  -    -    -
"""

# This build knows no rostered member who is not a liaison, and the public comes with the form.
ROLES = {
    "PUB": frozenset[Role](),
    "MEM": frozenset[Role](),
    "LIA": frozenset({Role.LIAISON}),
    "COO": frozenset({Role.CLERK, Role.HEAD}),
    "LEO": frozenset({Role.LEAD_OFFICER}),
    "SAD": frozenset({Role.ADMIN}),
    "AUD": frozenset({Role.AUDITOR}),
}


def _read(table: str) -> dict[str, dict[str, str]]:
    head, *rows = (line for line in table.splitlines() if line.strip())
    columns = head.split()[1:]
    found: dict[str, dict[str, str]] = {}
    for row in rows:
        act, cells = row[:24].strip(), row[24:].split()
        if act in found or len(cells) != len(columns):
            raise ValueError(f"the row of {act!r} is not one row of {len(columns)} cells")
        found[act] = dict(zip(columns, cells, strict=True))
    return found


CELLS = _read(_TABLE)


@dataclass(frozen=True)
class Second:
    """What a `2` in the table asks for: who must agree, and how many of them. `setting` is the name in `[office]
    second_person` that asks for it; without one it always takes them."""

    row: str
    who: frozenset[Role]
    needs: int = 1
    setting: str = ""


SECONDS = {
    "notice.send": Second("send to everybody", ROLES["COO"], setting="mention_all"),
    "notice.correct": Second("send to everybody", ROLES["COO"], setting="mention_all"),
    "duty.start": Second("send to everybody", ROLES["COO"], setting="mention_all"),
    "outbox.again": Second("repeat to everybody", ROLES["COO"], setting="repeat"),
    "ack.proxy": Second("acknowledge for others", ROLES["COO"], setting="proxy"),
    "lead.destroy": Second("destroy lead early", ROLES["LEO"]),
    "recipients.change": Second("change recipients", ROLES["LEO"], needs=2),
    "roles.assign": Second("assign roles", ROLES["AUD"]),
}
"""By the journal's name of the act. The last two are asked for by the configuration: whoever may change that file has
no say in them beyond asking."""

COMMANDS = {
    "agree.agree": "answer a question",
    "agree.disagree": "answer a question",
    "answer.is_lead": "answer a question",
    "answer.is_progress": "answer a question",
    "answer.no": "answer a question",
    "answer.not_seen": "settle unknown",
    "answer.seen": "settle unknown",
    "answer.yes": "answer a question",
    "attach.not_a_file": "report",
    "bind.bind": "run the office",
    "burden.complain": "send feedback",
    "canary.heard": "run the office",
    "chase.urge": "chase",
    "close.close": "correct notice",
    "close.recall": "correct notice",
    "correct.correct": "correct notice",
    "delete_photo.delete_photo": "delete photo",
    "duty.approve": "change reminders",
    "duty.plan": "change reminders",
    "duty.stop": "change reminders",
    "figures.details": "see progress",
    "freeze.freeze": "freeze",
    "freeze.thaw": "thaw",
    "full_text.full_text": "own matters",
    "handover.accept": "answer a question",
    "handover.hand_over": "own unit",
    "handover.refuse": "answer a question",
    "help.show_help": "own matters",
    "incident.final": "report",
    "incident.first": "report",
    "incident.update": "report",
    "introduce.confirm": "decide on roster",
    "introduce.introduce": "say who one is",
    "introduce.refuse": "decide on roster",
    "issue.send": "send notice",
    "lead.nameless": "tell lead",
    "lead.report": "tell lead",
    "lead_desk.check": "move lead",
    "lead_desk.close": "move lead",
    "lead_desk.join": "move lead",
    "lead_desk.report": "move lead",
    "lead_desk.send": "move lead",
    "lead_desk.shun": "move lead",
    "lead_desk.weigh": "move lead",
    "lead_drill.answer": "fetch lead ciphertext",
    "lead_follow.follow": "follow own lead",
    "lead_more.add": "follow own lead",
    "lead_more.finish": "follow own lead",
    "lead_numbers.open_leads": "move lead",
    "lead_numbers.totals": "see number of leads",
    "lead_pair.approve": "destroy lead early",
    "lead_pair.destroy": "destroy lead early",
    "lead_receive.sign": "sign for lead",
    "leader.ask_leaders": "chase",
    "leave.back": "own unit",
    "leave.leave": "own unit",
    "leave.quiet": "own unit",
    "notice.cancel": "draft notice",
    "notice.change": "withdraw",
    "notice.draft": "draft notice",
    "phone.phoned": "chase",
    "proxy.proxy": "acknowledge for others",
    "relay.relay": "acknowledge for others",
    "report.reply": "report",
    "report.report": "report",
    "report.zero": "report",
    "send_back.agree": "change reminders",
    "send_back.disagree": "change reminders",
    "send_back.extend": "ask for extension",
    "send_back.send_back": "correct notice",
    "todo.todo": "own matters",
    "totals.totals": "see progress",
    "units.change": "change units",
    "welcome.opening": "run the office",
    "welcome.welcome": "say who one is",
    "who.progress": "see progress",
    "who.who": "see who is missing",
    "withdraw.withdraw": "withdraw",
}

ROUTES = {
    "GET /api/notices": ("see progress", frozenset({"yes", "n"})),
    "GET /api/notices/{number}": ("see progress", frozenset({"yes"})),
    "GET /api/units": ("read roster", frozenset({"yes"})),
    "GET /api/reports": ("see reports", frozenset({"yes"})),
    "GET /api/photos/{name}": ("see reports", frozenset({"yes"})),
    "GET /api/files/{name}": ("see reports", frozenset({"yes"})),
    "GET /api/outbox": ("see outbox", frozenset({"yes"})),
    "GET /api/alarms": ("see alarms", frozenset({"yes"})),
    "GET /api/leads/counts": ("see number of leads", frozenset({"yes", "n"})),
    "GET /api/leads": ("fetch lead ciphertext", frozenset({"yes"})),
    "GET /api/leads/recipients": ("fetch lead ciphertext", frozenset({"yes"})),
    "GET /api/leads/{lead}": ("fetch lead ciphertext", frozenset({"yes"})),
    "POST /api/leads/{lead}/wraps": ("fetch lead ciphertext", frozenset({"yes"})),
}
"""Routes under a token: what they do, and which cells open them: a token has no unit, so `own` opens nothing."""

OPEN_ROUTES = frozenset({"/healthz", "/readyz", "/metrics", "/leads", "/leads/{name}"})
"""Routes that anybody may ask: nothing confidential stands there."""


def may(act: str) -> frozenset[Role]:
    """The roles with anything but a no in the row of an act; what a command then shows each is the cell's business."""
    return frozenset(role for column, cell in CELLS[act].items() if cell not in ("-", "key") for role in ROLES[column])


def may_say(command: str) -> frozenset[Role]:
    """Who may say a command, by its module and function. Raises KeyError for one without a row."""
    return may(COMMANDS[command])


def may_fetch(route: str) -> frozenset[Role]:
    """The roles whose tokens may ask for a route. Raises KeyError for one without a row."""
    act, cells = ROUTES[route]
    return frozenset(role for column, cell in CELLS[act].items() if cell in cells for role in ROLES[column])
