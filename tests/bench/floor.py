"""The floor of every ratio: a bare aiohttp handler that reads nothing, stores nothing and answers a constant."""

import sys

from aiohttp import web


async def constant(_: web.Request) -> web.Response:
    return web.Response(body=b"success")


def main() -> None:
    app = web.Application()
    for path in ("/sim/api/messages", "/wecom/app", "/wecom/bot", "/onebot/v11/http"):
        app.router.add_post(path, constant)
    app.router.add_get("/healthz", constant)
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), access_log=None, print=None)


if __name__ == "__main__":
    main()
