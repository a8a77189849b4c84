"""What stands for 企业微信 while its callbacks are measured: says yes to everything that is sent, at once.

yes.py PORT
"""

import sys
from itertools import count

from aiohttp import web

NAMES = count(1)


async def token(_: web.Request) -> web.Response:
    return web.json_response({"errcode": 0, "access_token": "t", "expires_in": 7200})


async def yes(request: web.Request) -> web.Response:
    await request.read()
    return web.json_response({"errcode": 0, "errmsg": "ok", "msgid": f"m{next(NAMES)}"})


async def well(_: web.Request) -> web.Response:
    return web.Response()


def main() -> None:
    app = web.Application()
    app.router.add_get("/healthz", well)
    app.router.add_get("/cgi-bin/gettoken", token)
    app.router.add_post("/cgi-bin/{rest:.*}", yes)
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), access_log=None, print=None)


if __name__ == "__main__":
    main()
