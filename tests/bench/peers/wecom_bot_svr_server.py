"""wecom-bot-svr as its README runs it: Flask's own server, a thread a message."""

from keep import AES_KEY, CORP, PORT, TOKEN, acknowledge, prepare
from wecom_bot_svr import RspTextMsg, WecomBotServer


def handle(message):
    answer = RspTextMsg()
    answer.content = acknowledge(message.msg_id, message.from_user.user_id, message.content)
    return answer


if __name__ == "__main__":
    prepare()
    server = WecomBotServer("bench", "127.0.0.1", PORT, "/wecom/app", token=TOKEN, aes_key=AES_KEY, corp_id=CORP)
    server.set_message_handler(handle)
    server.set_event_handler(handle)
    server._app.get("/healthz")(lambda: "ok")
    server.run()
