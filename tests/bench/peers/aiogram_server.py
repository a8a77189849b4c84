"""aiogram's webhook on aiohttp; the answer waits for the handler, or it would come before anything is stored."""

from aiogram import Bot, Dispatcher
from aiogram.methods import SendMessage
from aiogram.types import Message
from aiogram.webhook.aiohttp_server import SimpleRequestHandler, setup_application
from aiohttp import web
from keep import PORT, acknowledge, prepare

dispatcher = Dispatcher()


@dispatcher.message()
async def text(message: Message) -> SendMessage:
    return message.answer(acknowledge(str(message.message_id), str(message.from_user.id), message.text))


async def healthz(_):
    return web.Response(text="ok")


if __name__ == "__main__":
    prepare()
    app, bot = web.Application(), Bot("1:bench")
    app.router.add_get("/healthz", healthz)
    handler = SimpleRequestHandler(dispatcher, bot, secret_token="bench-token", handle_in_background=False)
    handler.register(app, path="/wecom/app")
    setup_application(app, dispatcher, bot=bot)
    web.run_app(app, host="127.0.0.1", port=PORT, access_log=None, print=None)
