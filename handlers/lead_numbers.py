"""线索统计 and 线索清单: numbers only for the office, the list of numbers and stages for the officers."""

from handlers.lead_desk import OFFICERS
from handlers.registry import NUMBERS, Where, command
from handlers.request import Request
from models import leads
from models.people import Role
from models.rules.lead_stages import OVER, UNCOUNTED
from models.rules.lead_totals import shown

INSIDE = frozenset({Role.CLERK, Role.HEAD, Role.LEAD_OFFICER})


@command("线索统计", "线索总数", who=NUMBERS | {Role.LEAD_OFFICER, Role.ADMIN}, where=Where.PRIVATE)
async def totals(request: Request, rest: str) -> None:
    """线索统计：总数、本月、各阶段；办公室以外看不到小于3的数"""
    local = request.now.astimezone(request.office.zone)
    month = local.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    numbers = await leads.counts(request.session, month)
    total, this_month, stages = numbers if request.me.roles & INSIDE else shown(*numbers)
    request.reply("lead_totals", total=total, this_month=this_month, stages=stages)


@command("线索清单", "线索列表", who=OFFICERS, where=Where.PRIVATE)
async def open_leads(request: Request, rest: str) -> None:
    """线索清单：没办结的线索，只有编号、阶段和时限"""
    rows = [lead for lead in await leads.listing(request.session) if lead.stage not in (*OVER, *UNCOUNTED)]
    request.reply("lead_list", rows=rows[-50:], total=len(rows))
