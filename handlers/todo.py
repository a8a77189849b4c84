"""待办: what this person's unit owes, or what the office has open."""

from handlers.registry import ANYONE, command
from handlers.request import Request
from handlers.who import own_matters, progress


@command(
    "待办",
    "我的待办",
    "还有什么要办",
    "还有什么没办",
    "我还有什么没办",
    "还欠什么",
    "我还欠什么",
    "有什么任务",
    who=ANYONE,
)
async def todo(request: Request, rest: str) -> None:
    """待办：本单位还有哪些事没签收、没办完"""
    if request.unit is not None:
        await own_matters(request)
    else:
        await progress(request, "")
