"""Flask, wechatpy's cipher and parser, behind waitress."""

from flask import Flask, abort, request
from keep import AES_KEY, CORP, PORT, TOKEN, acknowledge, prepare
from waitress import serve
from wechatpy.enterprise import create_reply, parse_message
from wechatpy.enterprise.crypto import WeChatCrypto
from wechatpy.exceptions import InvalidSignatureException

app = Flask(__name__)


@app.get("/healthz")
def healthz():
    return "ok"


@app.post("/wecom/app")
def callback():
    crypto = WeChatCrypto(TOKEN, AES_KEY, CORP)
    query = request.args
    try:
        xml = crypto.decrypt_message(request.data, query["msg_signature"], query["timestamp"], query["nonce"])
    except InvalidSignatureException:
        abort(403)
    message = parse_message(xml)
    answer = create_reply(acknowledge(str(message.id), message.source, message.content), message).render()
    return crypto.encrypt_message(answer, query["nonce"], query["timestamp"])


if __name__ == "__main__":
    prepare()
    serve(app, host="127.0.0.1", port=PORT, threads=8)
