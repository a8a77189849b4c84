"""wecom-bot-svr as its README runs it: Flask's own server, a thread a message."""

from keep import AES_KEY, CORP, PORT, TOKEN, acknowledge, prepare
from wecom_bot_svr import RspTextMsg, WecomBotServer
from wecom_bot_svr.req_msg import ReqMsg, TextReqMsg


class Message:
    """Its parser wants the fields of a group robot; those of the app are the same but for their names."""

    def __init__(self, tree):
        self.msg_type, self.chat_type, self.chat_id = "text", "single", ""
        self.msg_id, self.person, self.content = (tree.findtext(n) for n in ("MsgId", "FromUserName", "Content"))


def handle(message):
    answer = RspTextMsg()
    answer.content = acknowledge(message.msg_id, message.person, message.content)
    return answer


if __name__ == "__main__":
    prepare()
    ReqMsg.create_msg = staticmethod(Message)
    del TextReqMsg
    server = WecomBotServer("bench", "127.0.0.1", PORT, "/wecom/app", token=TOKEN, aes_key=AES_KEY, corp_id=CORP)
    server.set_message_handler(handle)
    server.set_event_handler(handle)
    server._app.get("/healthz")(lambda: "ok")
    server.run()
