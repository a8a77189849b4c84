"""config.toml and the environment, read once into frozen values; a typo is an error that names its place."""

import importlib.util
import re
import tomllib
from datetime import time, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource
from pydantic_settings import SettingsError as SourceError

from bot.backup import Plan
from bot.channels.wecom.settings import RoomSection, WeComSection
from bot.settings_faults import sentence, unknown_variables
from models.office import Office
from models.people import Role
from models.permissions import SECONDS
from models.rules.lead_retention import Keep, Periods

Days = Annotated[int, Field(ge=1, le=36500)]
APART = frozenset({Role.LEAD_OFFICER, Role.ADMIN, Role.AUDITOR})  # three people, none of whom can do it all


class SettingsError(Exception):
    """What is wrong with the configuration, one Chinese sentence a line."""


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Web(Section):
    listen: str = Field("127.0.0.1:8080", description="listening address of health, read API and configured callbacks")

    @field_validator("listen")
    @classmethod
    def _address(cls, value: str) -> str:
        host, _, port = value.rpartition(":")
        if not host or not port.isdigit() or not 0 <= int(port) < 65536:
            raise ValueError("应写成 地址:端口，如 127.0.0.1:8080")
        return value


class Data(Section):
    dir: Path = Field(Path("data"), description="database, media, lock, control socket: everything persistent")
    shared: Path | None = Field(
        None, description="pictures and key, where several replicas have a `dir` each: one folder for all of them"
    )


class Database(Section):
    url: SecretStr = Field(SecretStr(""), description="empty: SQLite in `data.dir`; else `postgresql+asyncpg://…`")

    @field_validator("url")
    @classmethod
    def _known(cls, value: SecretStr) -> SecretStr:
        url = value.get_secret_value()
        if url and not url.startswith(("postgresql+asyncpg://", "sqlite+aiosqlite:///")):
            raise ValueError("应以 postgresql+asyncpg:// 开头；留空则用 SQLite")
        if url.startswith("postgresql") and importlib.util.find_spec("asyncpg") is None:
            raise ValueError("用 PostgreSQL 要先装 asyncpg：pip install 'shoudao[postgres]'")
        return value


class OfficePerson(Section):
    id: str = Field(description="short id, as in the journal")
    name: str = Field(description="how the person is called in messages")
    roles: list[Role] = Field(description="clerk, head, lead_officer, auditor, admin")
    wecom: str = Field("", description="directory userid")


class OfficeSection(Section):
    name: str = Field("市扫黑办", description="how the office signs")
    timezone: str = Field("Asia/Shanghai", description="time zone of every clock")
    work: list[str] = Field(["08:00-12:00", "14:30-18:00"], description="working blocks of a day")
    summary: str = Field("17:30", description="time of the daily summary")
    second_person: list[str] = Field([], description='acts that need two people: "mention_all", "repeat", "proxy"')
    person: list[OfficePerson] = Field([], description="the office's own people")

    @field_validator("person")
    @classmethod
    def _one_each(cls, value: list[OfficePerson]) -> list[OfficePerson]:
        if len({person.id for person in value}) != len(value):
            raise ValueError("有两人的 id 相同，请改成不同的")
        for person in value:
            if len(APART.intersection(person.roles)) > 1:
                raise ValueError(f"{person.id} 同时是线索专员、管理员、审计中的两种；这三种须由不同的人担任")
        return value

    @field_validator("second_person")
    @classmethod
    def _acts(cls, value: list[str]) -> list[str]:
        known = sorted({second.setting for second in SECONDS.values() if second.setting})
        if unknown := [act for act in value if act not in known]:
            raise ValueError(f"没有 {unknown[0]} 这一项，只能有 {'、'.join(known)}")
        return value

    @field_validator("timezone")
    @classmethod
    def _zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError("没有这个时区，如 Asia/Shanghai") from None
        return value

    @field_validator("work")
    @classmethod
    def _blocks(cls, value: list[str]) -> list[str]:
        blocks = hours(value)
        if any(a >= b for a, b in blocks) or any(x[1] > y[0] for x, y in pairwise(blocks)):
            raise ValueError("工作时间应从早到晚、互不重叠，如 08:00-12:00")
        return value

    @field_validator("summary")
    @classmethod
    def _summary(cls, value: str) -> str:
        clock_time(value)
        return value


class Token(Section):
    token: SecretStr = Field(SecretStr(""), description="bearer token of the read API")
    token_sha256: str = Field("", description="or its SHA-256, in hex")
    role: Role = Field(description="what it may read: clerk, head, auditor, lead_officer")

    @model_validator(mode="after")
    def _one(self) -> Self:
        digest = self.token_sha256
        if bool(self.token.get_secret_value()) == bool(digest):
            raise ValueError("token 和 token_sha256 填一个，且只填一个")
        if digest and not re.fullmatch("[0-9a-fA-F]{64}", digest):
            raise ValueError("token_sha256 应是64位十六进制")
        return self


class Api(Section):
    token: list[Token] = []


class LeadKeep(Section):
    unconfirmed: Days = Field(3, description="days that unconfirmed private words are kept")
    identity: Days = Field(90, description="days after the end of a lead until its author is forgotten")
    record: Days = Field(730, description="days after its end until its content is destroyed; a dated stub stays")
    unfounded_identity: Days = Field(90, description="the same for leads that were 查否 or 研判不属于")
    unfounded_record: Days = Field(730, description="the same for leads that were 查否 or 研判不属于")

    @model_validator(mode="after")
    def _identity_first(self) -> Self:
        if self.identity >= self.record or self.unfounded_identity >= self.unfounded_record:
            raise ValueError("报线索的人要先于内容被忘记：identity 应小于 record")
        return self

    def as_keep(self) -> Keep:
        days = [timedelta(days=n) for n in (self.identity, self.record, self.unfounded_identity, self.unfounded_record)]
        return Keep(timedelta(days=self.unconfirmed), Periods(*days[:2]), Periods(*days[2:]))


class Leads(Section):
    recipients: Path = Field(Path("recipients.toml"), description="who can open leads; made by `shoudao lead keygen`")
    fingerprint: str = Field("", description="SHA-256 of that file, pinned here; empty: leads are refused")
    drill_days: Days = Field(90, description="how often each officer has to open a test lead")
    recovery_days: Days = Field(365, description="how often the recovery key has to open one")
    keep: LeadKeep = LeadKeep()


class Alarm(Section):
    people: list[str] = Field(["clerk"], description="who is told when something is wrong")
    url: SecretStr = Field(SecretStr(""), description="POSTed JSON, for a channel that is not the failing one")
    heartbeat_url: SecretStr = Field(SecretStr(""), description="asked for while all is well; its silence is the alarm")
    heartbeat_minutes: int = Field(2, ge=1, le=60, description="minutes between two heartbeats")

    @field_validator("url", "heartbeat_url")
    @classmethod
    def _address(cls, value: SecretStr) -> SecretStr:
        if value.get_secret_value() and not value.get_secret_value().startswith(("https://", "http://")):
            raise ValueError("应以 https:// 或 http:// 开头")
        return value


class BackupSection(Section):
    recipients: list[str] = Field([], description="age public keys; empty: no nightly backup")
    dir: Path = Field(Path("backups"), description="where they are put: better another disk than `data.dir`")
    at: str = Field("02:40", description="time of the nightly backup")
    keep: int = Field(14, ge=1, description="how many are kept")

    @field_validator("recipients")
    @classmethod
    def _public(cls, value: list[str]) -> list[str]:
        if any(one.upper().startswith("AGE-SECRET-KEY-") for one in value):
            raise ValueError("这里只放 age1 开头的公钥；写进来的私钥已经泄露，请另做一把")
        if not all(one.startswith("age1") for one in value):
            raise ValueError("应是 age1 开头的公钥，可用 shoudao backup --new-key 生成")
        return value

    @field_validator("at")
    @classmethod
    def _time(cls, value: str) -> str:
        clock_time(value)
        return value


class Settings(BaseSettings):
    """The whole configuration. Environment variables `SHOUDAO_<SECTION>__<NAME>` win over the file."""

    model_config = SettingsConfigDict(env_prefix="SHOUDAO_", env_nested_delimiter="__", extra="forbid", frozen=True)

    web: Web = Web()
    data: Data = Data()
    database: Database = Database()
    office: OfficeSection = OfficeSection()
    wecom: WeComSection = WeComSection()
    api: Api = Api()
    leads: Leads = Leads()
    alarm: Alarm = Alarm()
    backup: BackupSection = BackupSection()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        path = init_settings.init_kwargs.pop("config", None) if hasattr(init_settings, "init_kwargs") else None
        if path is None:
            return init_settings, env_settings
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, toml_file=path)

    @property
    def room(self) -> list[RoomSection]:
        return self.wecom.room

    @property
    def database_url(self) -> str:
        return self.database.url.get_secret_value() or f"sqlite+aiosqlite:///{self.data.dir / 'shoudao.sqlite3'}"

    @property
    def shared(self) -> Path:
        """Where the pictures and the installation's key are, which all replicas have in common."""
        return self.data.shared or self.data.dir

    @property
    def backup_plan(self) -> Plan | None:
        """None with PostgreSQL, which has tools of its own."""
        if not self.database_url.startswith("sqlite"):
            return None
        database = Path(self.database_url.partition(":///")[2])
        return Plan(database, self.shared / "media", self.backup.dir, self.backup.recipients, self.backup.keep)

    def as_office(self) -> Office:
        named = self.wecom.bot or self.wecom.bot_callback
        return Office(
            name=self.office.name,
            bot=named.name if named is not None else Office.bot,
            zone=ZoneInfo(self.office.timezone),
            hours=tuple(hours(self.office.work)),
            summary=clock_time(self.office.summary),
            second_person=frozenset(self.office.second_person),
            alarm_people=tuple(self.alarm.people),
            keep=self.leads.keep.as_keep(),
            drill_every=timedelta(days=self.leads.drill_days),
            recovery_every=timedelta(days=self.leads.recovery_days),
        )


def load_settings(path: Path | None) -> Settings:
    """Read the file (which must exist when named) and the environment. Raises SettingsError."""
    if path is not None and not path.is_file():
        raise SettingsError(f"找不到配置文件 {path}；可从 config.example.toml 复制一份")
    if unknown := unknown_variables(Settings.model_fields):
        raise SettingsError("\n".join(unknown))
    try:
        return Settings(config=path) if path is not None else Settings()  # type: ignore[call-arg]
    except tomllib.TOMLDecodeError as fault:
        raise SettingsError(f"配置文件 {path} 不是有效的 TOML：{fault}") from None
    except UnicodeDecodeError:
        raise SettingsError(f"配置文件 {path} 不是 UTF-8 文本，请另存为 UTF-8") from None
    except OSError as fault:
        raise SettingsError(f"读不了配置文件 {path}：{fault.strerror}；请核对权限") from None
    except SourceError:
        raise SettingsError('环境变量 SHOUDAO_… 里的列表应写成 JSON，如 ["08:00-12:00"]') from None
    except ValidationError as fault:
        raise SettingsError("\n".join(sentence(error) for error in fault.errors())) from None


def hours(blocks: list[str]) -> list[tuple[time, time]]:
    """`["08:00-12:00"]` as times. Raises ValueError with a sentence."""
    found = []
    for block in blocks:
        start, dash, end = block.partition("-")
        if not dash:
            raise ValueError("工作时间应写成 08:00-12:00")
        found.append((clock_time(start.strip()), clock_time(end.strip())))
    if not found:
        raise ValueError("至少要有一段工作时间")
    return found


def clock_time(text: str) -> time:
    """`17:30` as a time. Raises ValueError with a sentence."""
    try:
        return time.fromisoformat(text)
    except ValueError:
        raise ValueError(f"时间 {text} 应写成 08:00 或 17:30") from None
