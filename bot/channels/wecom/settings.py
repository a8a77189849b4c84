"""The sections under [wecom]; every outside address can be replaced, for private deployments and for tests."""

import base64
import binascii
from datetime import date
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _address(value: str, schemes: tuple[str, ...]) -> str:
    if not value.startswith(schemes):
        raise ValueError(f"地址应以 {' 或 '.join(schemes)} 开头")
    return value.rstrip("/")


class BotSection(Section):
    """智能机器人 over the long connection."""

    bot_id: str = Field("", description="智能机器人的 Bot ID")
    secret: SecretStr = Field(SecretStr(""), description="长连接的 Secret")
    url: str = Field("wss://openws.work.weixin.qq.com", description="address of the long connection")
    name: str = Field("收到助手", description="the bot's display name, stripped from group messages")
    group_card: Literal["push", "reply", "none"] = Field(
        "push", description="how the 收到 card gets into a group; a refused push falls back and is remembered"
    )

    @field_validator("url")
    @classmethod
    def _url(cls, value: str) -> str:
        return _address(value, ("wss://", "ws://"))

    @model_validator(mode="after")
    def _both(self) -> Self:
        if not self.bot_id or not self.secret.get_secret_value():
            raise ValueError("bot_id 和 secret 都要填（管理后台→智能机器人→API 模式→长连接）")
        return self


def _key(value: SecretStr) -> SecretStr:
    """43 characters that make 32 bytes with the `=` that is left off."""
    text = value.get_secret_value()
    try:
        right = not text or (len(text) == 43 and len(base64.b64decode(text + "=", validate=True)) == 32)
    except (binascii.Error, ValueError):
        right = False
    if not right:
        raise ValueError("EncodingAESKey 应是43个字母或数字，请从管理后台原样复制")
    return value


class CallbackKeys(Section):
    """`old_token` and `old_aes_key` are accepted too while a key is being changed."""

    token: SecretStr = Field(SecretStr(""), description="Token of the callback address")
    aes_key: SecretStr = Field(SecretStr(""), description="EncodingAESKey of the callback address")
    old_token: SecretStr = Field(SecretStr(""), description="the Token before, while it is being changed")
    old_aes_key: SecretStr = Field(SecretStr(""), description="the EncodingAESKey before, while it is being changed")

    _keys = field_validator("aes_key", "old_aes_key")(_key)


class BotCallbackSection(CallbackKeys):
    """智能机器人 by callback address instead of the long connection."""

    name: str = Field("收到助手", description="the bot's display name, stripped from group messages")
    group_card: Literal["reply", "none"] = Field(
        "reply",
        description="whether the 收到 card answers whoever speaks to the bot next in the group, or there is none",
    )

    @model_validator(mode="after")
    def _both(self) -> Self:
        if not self.token.get_secret_value() or not self.aes_key.get_secret_value():
            raise ValueError("token 和 aes_key 都要填（管理后台→智能机器人→API 模式→回调地址）")
        return self


class AppSection(CallbackKeys):
    """自建应用."""

    corp_id: str = Field("", description="企业ID")
    agent_id: int = Field(0, description="AgentId of the app")
    secret: SecretStr = Field(SecretStr(""), description="Secret of the app")

    @model_validator(mode="after")
    def _all(self) -> Self:
        if not self.corp_id or not self.agent_id or not self.secret.get_secret_value():
            raise ValueError("corp_id、agent_id、secret 都要填（管理后台→应用管理→自建应用）")
        if bool(self.token.get_secret_value()) != bool(self.aes_key.get_secret_value()):
            raise ValueError("token 和 aes_key 要么都填、要么都不填（接收消息→设置API接收）")
        return self


class RoomSection(Section):
    """One group."""

    id: str = Field(description="short id of the group")
    name: str = Field(description="the group's name, as in the roster's 所在群")
    purpose: str = Field("", description="what it is for")
    audience: list[str] = Field([], description="kinds or unit names; a roster's own 所在群 column wins")
    ends_on: date | None = Field(None, description="when the group is to be closed")
    chat_id: str = Field("", description="`wr…`, or bound in the group by a clerk: @收到助手 本群是 …")
    push_key: SecretStr = Field(SecretStr(""), description="消息推送 webhook key: the way to @所有人")

    @field_validator("push_key")
    @classmethod
    def _only_key(cls, value: SecretStr) -> SecretStr:
        """The console shows the whole address; people paste it."""
        text = value.get_secret_value().strip()
        return SecretStr(text.rpartition("key=")[2] if "key=" in text else text)


class MediaSection(Section):
    """Where pictures and files may be fetched from."""

    hosts: list[str] = Field(["qyapi.weixin.qq.com", "*.myqcloud.com"], description="hosts that media may come from")
    allow_private_addresses: bool = Field(False, description="for private deployments and tests")


class WeComSection(Section):
    """企业微信: each leg is switched on by being there."""

    api: str = Field("https://qyapi.weixin.qq.com", description="address of the server API and of 消息推送")
    proxy: str = Field(
        "", description="proxy for all outgoing calls, `http://host:port`; never taken from the environment"
    )
    ca_file: Path | None = Field(None, description="own certificate authority, PEM")
    bot: BotSection | None = None
    bot_callback: BotCallbackSection | None = None
    app: AppSection | None = None
    room: list[RoomSection] = []
    media: MediaSection = MediaSection()

    @field_validator("api")
    @classmethod
    def _api(cls, value: str) -> str:
        return _address(value, ("https://", "http://"))

    @field_validator("proxy")
    @classmethod
    def _proxy(cls, value: str) -> str:
        return value and _address(value, ("http://", "https://"))

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.bot is not None and self.bot_callback is not None:
            raise ValueError("[wecom.bot] 和 [wecom.bot_callback] 只能有一个：后台保存其中一种，另一种就失效")
        for name in ("id", "name", "chat_id"):
            values = [value for room in self.room if (value := getattr(room, name))]
            if len(set(values)) != len(values):
                raise ValueError(f"[[wecom.room]] 的 {name} 有重复")
        return self

    @property
    def in_use(self) -> bool:
        """Whether any leg is there."""
        return bool(self.bot or self.bot_callback or self.app or any(r.push_key.get_secret_value() for r in self.room))
