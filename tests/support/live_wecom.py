"""A whole 企业微信 on loopback in real time, and `shoudao run` in processes of its own, one or several, that live in it.

`Platform` is the outside: both fakes on one address, and a clock that they and the processes share. `Replica` is one
process. `front.Front` gives each callback to whichever replica answers.
"""

import asyncio
import itertools
import json
import os
import signal
import socket
import sys
import time
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import datetime
from pathlib import Path

import fake_wecom_app as app_side
import wecom_envelopes as envelopes
from aiohttp import ClientError, ClientSession, ClientTimeout, TCPConnector, web
from fake_wecom_app import FakeWecomApp
from fake_wecom_bot import BOT_ID, SECRET, FakeBot

from bot import recipients

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "bot" / "sample" / "roster.csv"
START = datetime.fromisoformat("2026-11-18T15:00+08:00")
CHATS = {"members": "wrMEMBERS", "counties": "wrCOUNTIES"}
PEOPLE = (("clerk", "经办", "clerk"), ("head", "主任", "head"), ("lead1", "专员一", "lead_officer"), ("lead2", "专员二", "lead_officer"))  # fmt: skip
UNITS = [f"u{n:03}" for n in range(1, 42)]
ANSWER_IN = 5.0  # seconds that the platform waits for a callback's answer


class Timed:
    """Its time is the platform's."""

    clock = staticmethod(time.time)

    @property
    def now(self):
        return self.clock()

    @now.setter
    def now(self, _):
        pass


class LiveBot(Timed, FakeBot):
    pass


class LiveApp(Timed, FakeWecomApp):
    pass


class Platform:
    def __init__(self, folder):
        self.folder = folder
        self.ahead = folder / "clock"
        self.bot, self.app = LiveBot(), LiveApp()
        self.bot.clock = self.app.clock = self.time
        self.bot.groups = {chat: f"hook-{room}" for room, chat in CHATS.items()}
        self.bot.spoken |= set(CHATS.values())
        names = [person for person, _, _ in PEOPLE] + UNITS
        self.app.members = {name.upper(): {"userid": name.upper(), "name": name, "status": 1} for name in names}
        self.names = itertools.count(1)
        self.statuses = {}
        self.tries = []  # how many sendings each callback took
        self._stack = AsyncExitStack()

    def time(self):
        return time.time() + self._ahead

    def set_ahead(self, seconds):
        """The clock of everybody here, the platform included."""
        self._ahead = seconds
        part = self.ahead.with_suffix(".part")
        part.write_text(str(seconds))
        part.rename(self.ahead)

    async def open(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        self.set_ahead(START.timestamp() - time.time())
        app = web.Application(client_max_size=64 << 20)
        self.bot.add_to(app)
        for route in list(self.app.app().router.routes()):
            app.router.add_route("*", route.resource.canonical, route.handler)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        self._stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.bot.base = self.app.base = f"http://127.0.0.1:{runner.addresses[0][1]}"
        self.keys = recipients.make_keys(self.folder / "keys", ["lead1", "lead2"])
        self.http = await self._stack.enter_async_context(
            ClientSession(trust_env=False, connector=TCPConnector(force_close=True, limit=0))
        )

    async def close(self):
        self.bot._released.set()
        self.app._released.set()
        for client in self.bot.clients:
            await client.ws.close()
        await self._stack.aclose()

    def config(self, folder, port, url="", *, legs=("bot", "app"), more=""):
        """A replica's configuration; its folder holds what is its own, ours what all share."""
        lines = [
            f'[web]\nlisten = "127.0.0.1:{port}"\n[data]\ndir = "{folder / "data"}"',
            f'shared = "{self.folder / "shared"}"\n[database]\nurl = "{url}"' if url else "",
            '[office]\nwork = ["00:00-23:59"]',
            *(
                f'[[office.person]]\nid = "{i}"\nname = "{n}"\nroles = ["{r}"]\nwecom = "{i.upper()}"'
                for i, n, r in PEOPLE
            ),
            f'[wecom]\napi = "{self.bot.base}"',
            '[wecom.media]\nhosts = ["127.0.0.1"]\nallow_private_addresses = true',
        ]
        if "bot" in legs:
            lines.append(f'[wecom.bot]\nbot_id = "{BOT_ID}"\nsecret = "{SECRET}"\nurl = "{self.bot.socket_url}"')
        if "app" in legs:
            lines.append(
                f'[wecom.app]\ncorp_id = "{app_side.CORP}"\nagent_id = {app_side.AGENT}\nsecret = "{app_side.SECRET}"\n'
                f'token = "{envelopes.TOKEN}"\naes_key = "{envelopes.AES_KEY}"'
            )
        for room, name, kind in (("members", "成员单位群", "成员单位"), ("counties", "县区群", "县区")):
            lines.append(
                f'[[wecom.room]]\nid = "{room}"\nname = "{name}"\naudience = ["{kind}"]\nchat_id = "{CHATS[room]}"\n'
                f'push_key = "hook-{room}"'
            )
        lines.append(f'[leads]\nrecipients = "{self.keys.recipients}"\nfingerprint = "{self.keys.fingerprint}"')
        lines.append('[[api.token]]\ntoken = "all"\nrole = "clerk"')
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "config.toml"
        path.write_text("\n".join([*lines, more]) + "\n", encoding="utf-8")
        return path

    # -- people, by the app's callback address -------------------------------------------------------------------------

    def text(self, person, words, msgid=None):
        msgid = msgid or f"7{next(self.names):018}"
        xml = envelopes.text_xml(words, msgid=msgid, userid=person.upper(), at=int(self.time()), corp=app_side.CORP)
        return self._post(xml)

    def click(self, person, task, key):
        number = next(self.names)
        return self._post(
            f"<xml><ToUserName><![CDATA[{app_side.CORP}]]></ToUserName><FromUserName><![CDATA[{person.upper()}]]>"
            f"</FromUserName><CreateTime>{int(self.time())}</CreateTime><MsgType><![CDATA[event]]></MsgType>"
            f"<Event><![CDATA[template_card_event]]></Event><EventKey><![CDATA[{key}]]></EventKey>"
            f"<TaskId><![CDATA[{task}]]></TaskId><CardType><![CDATA[button_interaction]]></CardType>"
            f"<ResponseCode><![CDATA[rc{number}]]></ResponseCode><AgentID>{app_side.AGENT}</AgentID></xml>"
        )

    def _post(self, xml):
        nonce = f"nonce{next(self.names)}"
        return envelopes.app_post(xml, timestamp=int(self.time()), nonce=nonce, corp=app_side.CORP)

    async def send(self, url, posted, tries=3):
        """As the platform does it: five seconds for an answer, then again, three times in all; a click only once.
        Whether it was answered 200."""
        for attempt in range(1, tries + 1):
            try:
                address, timeout = posted.url(f"{url}/wecom/app"), ClientTimeout(total=ANSWER_IN)
                async with self.http.post(address, data=posted.body, timeout=timeout) as answer:
                    await answer.read()
                    self.statuses[answer.status] = self.statuses.get(answer.status, 0) + 1
                    if answer.status == 200:
                        self.tries.append(attempt)
                        return True
            except (ClientError, OSError, TimeoutError):
                continue
        return False

    def posts_to_all(self):
        """What stands in the groups with an @所有人, as (chat, text)."""
        return [(post.chat, post.text) for post in self.bot.posts if "@all" in post.mentions]

    def cards_of(self, person, title=""):
        """The cards that somebody was sent in private, oldest first."""
        return [
            one.content
            for one in self.app.delivered
            if one.userid == person.upper()
            and one.msgtype == "template_card"
            and title in json.dumps(one.content, ensure_ascii=False)
        ]


class Replica:
    """One process of `shoudao run`."""

    def __init__(self, platform, name, url="", *, held=False, warm=False, **more):
        """`held`: its listening socket is ours, and outlives it. `warm`: forked from a process that has imported all."""
        self.platform, self.name = platform, name
        self.folder = platform.folder / name
        self.port = free_port()
        self.held = _listening(self.port) if held else None
        self.config = platform.config(self.folder, self.port, url, **more)
        self.process = None
        self.warm = Warm() if warm else None
        self.environment = {}
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = self.folder / "log"

    async def start(self, *launcher, wait=True):
        command = launcher or (str(ROOT / "tests" / "support" / "launched.py"), str(self.platform.ahead))
        if self.warm is not None:
            self.process = await self.warm.fork(*command, self)
        else:
            self.process = await self._cold(command)
        if not wait:
            return
        line = (await self.process.stdout.readline()).decode()
        assert "收到助手已启动" in line, line + self.log.read_text(encoding="utf-8")

    async def _cold(self, command):
        passed = {"HELD": str(self.held.fileno())} if self.held is not None else {}
        with self.log.open("ab") as log:
            return await asyncio.create_subprocess_exec(
                *(sys.executable, *command, "run", "--config", str(self.config)),
                cwd=self.folder,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                env=os.environ | {"PYTHONPATH": str(ROOT)} | passed | self.environment,
                pass_fds=(self.held.fileno(),) if self.held is not None else (),
            )

    async def end(self, how=signal.SIGTERM):
        if self.process is None:
            return
        process, self.process = self.process, None
        if process.returncode is None:
            process.send_signal(how)
        await process.communicate()

    async def close(self):
        """The end of it, and of what it was forked from."""
        await self.end()
        if self.warm is not None:
            await self.warm.close()

    def has(self, transport):
        """Whether the other end of a connection is this process."""
        port = transport.get_extra_info("peername")[1] if transport is not None else 0
        inodes = set()
        for link in Path(f"/proc/{self.process.pid}/fd").iterdir():
            with suppress(OSError):
                inodes.add(str(link.readlink()))
        lines = (line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:])
        return any(int(one[1].split(":")[1], 16) == port and f"socket:[{one[9]}]" in inodes for one in lines)

    def freeze(self):
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)

    async def import_roster(self, roster=SAMPLE):
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "roster", "import", str(roster), "--config", str(self.config)),
            cwd=self.folder,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdout=asyncio.subprocess.DEVNULL,
        )
        assert await process.wait() == 0

    async def ask(self, path):
        headers = {"Authorization": "Bearer all"}
        async with self.platform.http.get(self.url + path, headers=headers, timeout=ClientTimeout(total=20)) as answer:
            return await answer.json()

    def complaints(self):
        """What it said of errors, which nobody expects."""
        said = self.log.read_text(encoding="utf-8") if self.log.exists() else ""
        return [line for line in said.splitlines() if line.strip()]


class Warm:
    """What a replica is forked from, once for each launcher."""

    def __init__(self):
        self._processes = {}

    async def fork(self, launcher, clock, replica):
        if launcher not in self._processes:
            self._processes[launcher] = await asyncio.create_subprocess_exec(
                *(sys.executable, str(ROOT / "tests" / "support" / "warm.py"), launcher, clock),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                env=os.environ | {"PYTHONPATH": str(ROOT)},
            )
        process = self._processes[launcher]
        wanted = {
            "words": ["run", "--config", str(replica.config)],
            "environment": replica.environment,
            "log": str(replica.log),
            "folder": str(replica.folder),
        }
        process.stdin.write(json.dumps(wanted).encode() + b"\n")
        said = (await process.stdout.readline()).split()
        assert said[:1] == [b"pid"], said
        return Forked(process.stdout, int(said[1]))

    async def close(self):
        for process in self._processes.values():
            process.kill()
            await process.wait()


class Forked:
    """As much of a subprocess as a replica needs."""

    def __init__(self, said, pid):
        self.pid, self.returncode = pid, None
        self._said = said

    @property
    def stdout(self):
        return self

    async def readline(self):
        line = await self._said.readline()
        if line.startswith(b"ended "):
            self.returncode = int(line.split()[1])
        return line

    def send_signal(self, how):
        if self.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, how)

    async def wait(self):
        while self.returncode is None:
            assert await self.readline(), "what it was forked from has died"
        return self.returncode

    async def communicate(self):
        await self.wait()


def _listening(port):
    held = socket.socket()
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    held.bind(("127.0.0.1", port))
    held.listen(1024)
    return held


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@asynccontextmanager
async def platform(folder):
    there = Platform(folder)
    await there.open()
    try:
        yield there
    finally:
        await there.close()
