"""What stands in front of two replicas: nginx as bot/operations/nginx.conf sets it up, its names put on loopback."""

import asyncio
import os
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from live_wecom import free_port

CONF = Path(__file__).resolve().parents[2] / "bot" / "operations" / "nginx.conf"
FRAME = """daemon off; master_process off; pid {place}/pid; error_log {place}/error.log crit;
events {{}}
http {{
    log_format by '$upstream_addr';
    client_body_temp_path {place}/body; proxy_temp_path {place}/proxy; fastcgi_temp_path {place}/fastcgi;
    uwsgi_temp_path {place}/uwsgi; scgi_temp_path {place}/scgi;
{site}
}}
"""


class Front:
    """`urls` are those of the replicas; `by` says, when it is closed, how many requests each of them answered."""

    def __init__(self, *urls):
        self.hosts = {url: urlsplit(url).netloc for url in urls}
        self.by = dict.fromkeys(urls, 0)
        self.url = ""

    async def open(self):
        nginx = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
        assert nginx is not None, "no nginx here: on Debian, apt install nginx-light"
        self._folder = TemporaryDirectory(prefix="nginx-", ignore_cleanup_errors=True)
        self._place = Path(self._folder.name)
        port = free_port()
        site = CONF.read_text(encoding="utf-8").replace("listen 80;", f"listen 127.0.0.1:{port};")
        for name, host in zip(("shoudao-a:8080", "shoudao-b:8080"), self.hosts.values(), strict=False):
            site = site.replace(name, host)
        site = site.replace("access_log off;", f"access_log {self._place}/by.log by;")
        conf = self._place / "nginx.conf"
        conf.write_text(FRAME.format(place=self._place, site=site), encoding="utf-8")
        self._process = await asyncio.create_subprocess_exec(nginx, "-c", str(conf), stderr=asyncio.subprocess.DEVNULL)
        await self._up(port)
        self.url = f"http://127.0.0.1:{port}"

    async def _up(self, port):
        for _ in range(200):
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                assert self._process.returncode is None, "nginx does not start: is its configuration sound?"
                await asyncio.sleep(0.02)
            else:
                writer.close()
                return

    async def close(self):
        self._process.terminate()
        await self._process.wait()
        for line in (self._place / "by.log").read_text().splitlines():  # all that were tried; the last one answered
            for url, host in self.hosts.items():
                self.by[url] += line.split(", ")[-1] == host
        self._folder.cleanup()
