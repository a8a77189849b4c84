"""What an error code of 企业微信 means for a message of ours, the same for every leg.

Sources: developer.work.weixin.qq.com/document/path/90313 (global codes), 99110 (消息推送), the official SDKs.
`-1` says "busy" and not whether the message went through, so it counts as unsure: what must never stand twice is not
sent again by itself, everything else is.
"""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum, auto

import aiohttp

from bot.channels import Outcome, refused, sent, try_later, unsure


class Meaning(StrEnum):
    """`gone`: this way to that room or person is closed. `ours`: we sent something that is no message. `off`: no entry."""

    OK = auto()
    BUSY = auto()
    LIMITED = auto()
    TOKEN = auto()
    SECRET = auto()
    ADDRESS = auto()
    GONE = auto()
    NOBODY = auto()
    NOT_YET = auto()
    LATE = auto()
    REPEATED = auto()
    OURS = auto()
    OFF = auto()


@dataclass(frozen=True)
class Code:
    """`says` is for a person in the office: what is wrong and where to mend it."""

    meaning: Meaning
    says: str
    wait: timedelta | None = None


_MINUTE, _MOMENT, _QUARTER = timedelta(seconds=60), timedelta(seconds=2), timedelta(minutes=15)
_APP_PAGE = "管理后台→应用管理→本应用"
_CODES: dict[int, Code] = {
    0: Code(Meaning.OK, ""),
    -1: Code(Meaning.BUSY, "企业微信系统繁忙"),
    45009: Code(Meaning.LIMITED, "发得太快，企业微信暂不接收", _MINUTE),
    45033: Code(Meaning.LIMITED, "同时发得太多，企业微信暂不接收", _MOMENT),
    45011: Code(Meaning.LIMITED, "发得太快，企业微信暂不接收", _MINUTE),
    40014: Code(Meaning.TOKEN, "access_token 无效", _MINUTE),
    42001: Code(Meaning.TOKEN, "access_token 过期", _MINUTE),
    41001: Code(Meaning.TOKEN, "缺少 access_token", _MINUTE),
    40001: Code(Meaning.SECRET, f"应用 Secret 不对；请到{_APP_PAGE}核对 Secret", _MINUTE),
    40013: Code(Meaning.SECRET, "企业ID 不对；请到管理后台→我的企业核对", _MINUTE),
    853000: Code(Meaning.SECRET, "机器人的 Bot ID 或 Secret 不对；请到智能机器人→API 模式核对", _MINUTE),
    60020: Code(Meaning.ADDRESS, f"本机 IP 不在企业可信IP里；请到{_APP_PAGE}→企业可信IP添加", _QUARTER),
    48002: Code(Meaning.OFF, f"应用没有调用这个接口的权限；请到{_APP_PAGE}核对", None),
    40056: Code(Meaning.OFF, f"应用编号 AgentId 不对；请到{_APP_PAGE}核对", None),
    301002: Code(Meaning.OFF, f"应用编号 AgentId 与 Secret 不是同一个应用；请到{_APP_PAGE}核对", None),
    93000: Code(Meaning.GONE, "消息推送地址（key）无效，或机器人已被移出群；请到群设置→消息推送核对"),
    93001: Code(Meaning.NOT_YET, "不能在这个会话里发言：须有人先在其中@过机器人"),
    93004: Code(Meaning.GONE, "机器人已被停用"),
    93006: Code(Meaning.NOT_YET, "会话编号无效，或还没有人在其中@过机器人"),
    93008: Code(Meaning.GONE, "机器人不在这个群里；请重新添加"),
    93019: Code(Meaning.GONE, "机器人编号无效"),
    86001: Code(Meaning.GONE, "群聊编号无效"),
    86008: Code(Meaning.GONE, "这个群不是本应用建的"),
    81013: Code(Meaning.NOBODY, "收件人都不在应用可见范围内；请到管理后台核对可见范围"),
    60111: Code(Meaning.NOBODY, "通讯录里没有这个成员"),
    40003: Code(Meaning.NOBODY, "成员的 userid 无效"),
    60011: Code(Meaning.NOBODY, "应用没有查看这个成员的权限；请到管理后台核对可见范围"),
    42014: Code(Meaning.REPEATED, "这张卡片的 task_id 已用过"),
    846605: Code(Meaning.LATE, "答复对应的消息已失效"),
    846608: Code(Meaning.LATE, "流式消息已过期"),
    40008: Code(Meaning.OURS, "消息类型不被接受"),
    40058: Code(Meaning.OURS, "参数不被接受"),
    44001: Code(Meaning.OURS, "媒体文件为空"),
    44004: Code(Meaning.OURS, "正文为空"),
    45002: Code(Meaning.OURS, "正文太长"),
    93017: Code(Meaning.OURS, "正文为空"),
    93018: Code(Meaning.OURS, "图片太大"),
}


def code(errcode: object) -> Code:
    """What is known of a code; one that nobody listed counts as a refusal of this message."""
    if not isinstance(errcode, int) or isinstance(errcode, bool):
        return Code(Meaning.BUSY, "企业微信的答复看不懂")
    return _CODES.get(errcode, Code(Meaning.OURS, f"企业微信拒绝（{errcode}）"))


def sentence(errcode: object) -> str:
    """One line for the office, with the code to look up."""
    known = code(errcode)
    return known.says if str(errcode) in known.says or not isinstance(errcode, int) else f"{known.says}（{errcode}）"


def outcome(errcode: object, provider_id: str | None = None, *, attempts: int = 1) -> Outcome:
    """How a try ended. A card refused as repeated was posted by an earlier try of the same row."""
    known, says = code(errcode), sentence(errcode)
    match known.meaning:
        case Meaning.OK:
            return sent(provider_id)
        case Meaning.BUSY:
            return unsure(says)
        case Meaning.REPEATED if attempts > 1:
            return sent(provider_id)
        case Meaning.LIMITED | Meaning.TOKEN | Meaning.SECRET | Meaning.ADDRESS:
            return try_later(says, known.wait)
        case _:
            return refused(says)


# Raised before a byte of the request left: it certainly was not posted.
_NEVER_LEFT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL)


def failure(trouble: BaseException) -> Outcome:
    """How a call without an answer ended. The text of aiohttp's errors holds the address, and so the key: it is not kept."""
    if isinstance(trouble, _NEVER_LEFT):
        return try_later("连不上企业微信")
    if isinstance(trouble, TimeoutError | asyncio.TimeoutError):
        return unsure("企业微信没有及时答复")
    return unsure("与企业微信的连接中断")


def from_status(status: int) -> Outcome | None:
    """What an HTTP status alone says; None for 200, where the error code in the body decides."""
    if status == 200:
        return None
    if status == 429:
        return try_later("发得太快，企业微信暂不接收", _MINUTE)
    if 400 <= status < 500:
        return refused(f"企业微信不接受这个请求（HTTP {status}）")
    return unsure(f"企业微信出错（HTTP {status}）")
