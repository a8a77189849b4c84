"""`shoudao check` for 企业微信: what is missing or refused, in plain words, with the page of the console to open.

Nothing is posted: an empty message is refused by everybody, and how it is refused tells whether a real one would be.
"""

import asyncio
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import aiohttp

from bot.channels.wecom import errcodes
from bot.channels.wecom.access_token import NoToken
from bot.channels.wecom.app_api import AppApi
from bot.channels.wecom.app_calls import ApiRefused, Unanswered
from bot.channels.wecom.errcodes import Meaning
from bot.channels.wecom.json_messages import parse_json
from bot.channels.wecom.keeper import SENTENCES, WRONG_SECRET, State
from bot.channels.wecom.net import client
from bot.channels.wecom.pace import RealPace
from bot.channels.wecom.settings import AppSection, BotSection, RoomSection, WeComSection
from bot.channels.wecom.socket import NoAnswer, NotSent, Socket

DRIFT = timedelta(minutes=2)
FEW = 10
MOST_ASKED = 200
_USERID = re.compile(r"[0-9A-Za-z][0-9A-Za-z_.@-]{0,63}")
_PUSH_PAGE = "企业微信群→右上角…→消息推送"
_BOT_PAGE = "管理后台→安全与管理→管理工具→智能机器人→API 模式"
_APP_PAGE = "管理后台→应用管理→自建应用"


@dataclass(frozen=True)
class Found:
    """One line of the report."""

    sentence: str
    wrong: bool = False


@dataclass(frozen=True)
class Known:
    """What the database knows: chat ids by room, userids of the liaisons by unit, how many have opened the chat."""

    chats: Mapping[str, str]
    liaisons: Mapping[str, str]
    opened: int = 0


async def findings(
    section: WeComSection, known: Known, staff: Mapping[str, str], now: datetime, *, running: bool, sole: bool = True
) -> list[Found]:
    """`staff`: names and userids of the office's people. `running`: the service has the connection, leave it alone.

    `sole`: no other process can have it either.
    """
    if not section.in_use:
        return []
    found = [*_people(known, staff), *_rooms(section, known)]
    try:
        async with client(section, fresh=True) as http:
            found += await _api(section, http, now)
            for room in section.room:
                found += await _push(section, room, http)
            if section.app is not None:
                found += await _app(section, section.app, known, http)
            if section.bot is not None and not running and sole:
                found += await _bot(section.bot, section.room, known, http)
    except OSError:
        found.append(Found(f"证书文件 {section.ca_file} 读不了：请检查 [wecom] ca_file", wrong=True))
    if section.bot_callback is not None:
        found.append(Found(f"请在{_BOT_PAGE}填回调地址 https://您的域名/wecom/bot 并保存，保存成功即已验证"))
    return found


def _people(known: Known, staff: Mapping[str, str]) -> Iterable[Found]:
    for name, userid in staff.items():
        if not userid:
            yield Found(f"办公室人员 {name} 没有填 wecom（通讯录 userid）：见管理后台→通讯录→成员→账号", wrong=True)
    wrong = [unit for unit, userid in known.liaisons.items() if not _USERID.fullmatch(userid)]
    if wrong:
        what = f"{'、'.join(wrong[:10])}{'等' if len(wrong) > 10 else ''}"
        yield Found(
            f"这些单位联络员的账号不是 userid：{what}。请在名单里填管理后台→通讯录→成员→账号，或让本人私聊发“我是 单位联络员”",
            wrong=True,
        )
    total = len(known.liaisons)
    if total and known.opened < total:
        yield Found(f"{known.opened}/{total}位联络员打开过与机器人的私聊；还差谁，发“进度 开通”可看")


def _rooms(section: WeComSection, known: Known) -> Iterable[Found]:
    for room in section.room:
        if not room.push_key.get_secret_value():
            yield Found(f"群「{room.name}」没有 push_key，不能@所有人：{_PUSH_PAGE}→添加，复制地址里的 key", wrong=True)
        bot = section.bot or section.bot_callback
        if bot is not None and not known.chats.get(room.id):
            how = f"请在群里发 @{bot.name} 本群是 {room.name}"
            yield Found(f"群「{room.name}」还没有 chat_id，机器人在群里发不了卡片：{how}", wrong=True)


async def _api(section: WeComSection, http: aiohttp.ClientSession, now: datetime) -> list[Found]:
    """Whether the server is there, and whether our clock agrees with its `Date`."""
    host = urlsplit(section.api).netloc
    try:
        async with http.get(section.api, allow_redirects=False) as response:
            date = response.headers.get("Date", "")
    except (aiohttp.ClientError, OSError, TimeoutError):
        return [Found(f"连不上 {host}：请检查网络、防火墙、[wecom] api 和 proxy", wrong=True)]
    try:
        drift = now - parsedate_to_datetime(date)
    except (TypeError, ValueError):
        return [Found(f"{host} 连得上，但没有报时，无法核对时钟")]
    if abs(drift) > DRIFT:
        minutes = round(drift.total_seconds() / 60)
        said = f"快{minutes}分钟" if minutes > 0 else f"慢{-minutes}分钟"
        return [Found(f"本机时钟{said}：回调会被当成过期，请打开系统的网络对时（NTP）", wrong=True)]
    return [Found(f"{host} 连得上，时钟一致")]


async def _push(section: WeComSection, room: RoomSection, http: aiohttp.ClientSession) -> list[Found]:
    key = room.push_key.get_secret_value()
    if not key:
        return []
    body = {"msgtype": "text", "text": {"content": ""}}
    try:
        async with http.post(
            f"{section.api}/cgi-bin/webhook/send", params={"key": key}, json=body, allow_redirects=False
        ) as response:
            answer = parse_json(await response.content.read(65536))
    except (aiohttp.ClientError, OSError, TimeoutError):
        return [
            Found(f"群「{room.name}」的消息推送没有应答：请检查到 {urlsplit(section.api).netloc} 的网络", wrong=True)
        ]
    errcode = answer.get("errcode") if answer is not None else None
    if errcodes.code(errcode).meaning is Meaning.GONE:
        what = f"{errcodes.sentence(errcode)}；{_PUSH_PAGE}"
        return [Found(f"群「{room.name}」的 push_key 用不了：{what}", wrong=True)]
    return [Found(f"群「{room.name}」的消息推送可用")]


async def _app(section: WeComSection, app: AppSection, known: Known, http: aiohttp.ClientSession) -> list[Found]:
    api = AppApi(http, section.api, app.corp_id, app.agent_id, app.secret.get_secret_value())
    try:
        await api.check()
        found = [Found("自建应用可用：Secret、AgentId、可信IP都对")]
        found += await _size(api)
        return found + await _directory(api, known)
    except NoToken as trouble:
        return [Found(f"自建应用用不了：{trouble.says}（{_APP_PAGE}）", wrong=True)]
    except ApiRefused as trouble:
        return [Found(f"自建应用用不了：{trouble}（{_APP_PAGE}）", wrong=True)]
    except Unanswered as trouble:
        return [Found(f"自建应用没有应答：{trouble}", wrong=True)]


async def _size(api: AppApi) -> list[Found]:
    """In a company of ten or fewer a 智能机器人 answers only whoever made it."""
    try:
        answer = await api.asked("GET", "/cgi-bin/user/simplelist", params={"department_id": "1", "fetch_child": "1"})
    except (ApiRefused, Unanswered):
        return [Found(f"看不到成员人数：若企业不超过{FEW}人，智能机器人只回答创建者本人")]
    people = answer.get("userlist")
    if isinstance(people, list) and len(people) <= FEW:
        return [
            Found(
                f"应用只看得到{len(people)}名成员：企业不超过{FEW}人时智能机器人只回答创建者；"
                f"若企业不止这些人，请到{_APP_PAGE}→可见范围添加",
                wrong=True,
            )
        ]
    return []


async def _directory(api: AppApi, known: Known) -> list[Found]:
    missing = []
    fitting = [(unit, userid) for unit, userid in known.liaisons.items() if _USERID.fullmatch(userid)]
    for unit, userid in fitting[:MOST_ASKED]:
        try:
            await api.user(userid)
        except ApiRefused as trouble:
            if errcodes.code(trouble.errcode).meaning is Meaning.NOBODY:
                missing.append(f"{unit}（{userid}）")
    if not missing:
        return []
    what = "、".join(missing[:10]) + (f"等{len(missing)}个" if len(missing) > 10 else "")
    return [Found(f"这些联络员不在通讯录或不在应用可见范围：{what}；{_APP_PAGE}→可见范围", wrong=True)]


async def _bot(section: BotSection, rooms: list[RoomSection], known: Known, http: aiohttp.ClientSession) -> list[Found]:
    """Subscribe once, look, and go: only while nobody else has the connection."""
    host = urlsplit(section.url).netloc
    try:
        async with http.ws_connect(section.url, timeout=aiohttp.ClientWSTimeout(ws_close=1.0)) as ws:
            socket = Socket(ws, RealPace(), lambda _: None)
            listening = asyncio.create_task(socket.listen())
            try:
                return await _look(socket, section, rooms, known)
            finally:
                listening.cancel()
                await asyncio.gather(listening, return_exceptions=True)
    except (NotSent, NoAnswer):
        return [Found(f"智能机器人长连接没有应答（{host}）：请稍后再试", wrong=True)]
    except (aiohttp.ClientError, OSError, TimeoutError):
        return [Found(f"连不上 {host}：请检查网络、防火墙、[wecom.bot] url 和 [wecom] proxy", wrong=True)]


async def _look(socket: Socket, section: BotSection, rooms: list[RoomSection], known: Known) -> list[Found]:
    body = {"bot_id": section.bot_id, "secret": section.secret.get_secret_value()}
    errcode = (await socket.ask("aibot_subscribe", body)).get("errcode", 0)
    if errcode == WRONG_SECRET:
        return [Found(SENTENCES[State.WRONG_SECRET], wrong=True)]
    if errcode != 0:
        return [Found(f"智能机器人长连接被拒绝：{errcodes.sentence(errcode)}；{_BOT_PAGE}", wrong=True)]
    found = [Found("智能机器人长连接可用")]
    for room in rooms:
        chat = known.chats.get(room.id)
        if not chat:
            continue
        empty = {"chatid": chat, "chat_type": 2, "msgtype": "markdown", "markdown": {"content": ""}}
        refusal = (await socket.ask("aibot_send_msg", empty)).get("errcode", 0)
        if errcodes.code(refusal).meaning in (Meaning.NOT_YET, Meaning.GONE):
            how = f"请先在群里@{section.name}说一句话；若刚移出过机器人，请在群设置里重新添加"
            found.append(Found(f"机器人在群「{room.name}」里发不了言（{refusal}）：{how}", wrong=True))
    return found
