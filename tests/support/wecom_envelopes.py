"""The platform's side of a callback: it signs and encrypts with wechatpy, which is not what the bot opens them with."""

import base64
import json
import struct
from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from wechatpy.crypto import _get_signature
from wechatpy.work.crypto import PrpCrypto, WeChatCrypto
from yarl import URL

TOKEN, AES_KEY = "hJqcu3uJ9Tn2gXPmxx2w9kkCkCE2EPYo", "6qkdMrq68nTKduznJYO1A37W2oEgpkMUvkttRToqhUt"
OTHER_TOKEN, OTHER_KEY = "newTokenForTheRotation", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
CORP = "ww1234567890abcdef"
NOW = 1_795_305_600  # 2026-11-22 00:00 UTC


@dataclass(frozen=True)
class Posted:
    """A finished request."""

    query: dict[str, str]
    body: bytes

    def url(self, base):
        return URL(base).with_query(self.query)


def key_of(aes_key=AES_KEY):
    return base64.b64decode(aes_key + "=")


def encrypt(message, receiveid="", aes_key=AES_KEY):
    return PrpCrypto(key_of(aes_key)).encrypt(message, receiveid).decode()


def encrypt_raw(plain, aes_key=AES_KEY):
    """AES of exactly these bytes: for everything that a right writer would never write."""
    key = key_of(aes_key)
    encryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    return base64.b64encode(encryptor.update(plain) + encryptor.finalize()).decode()


def plain_of(message, receiveid=b"", *, length=None, pad=None):
    """The plaintext as it should be, or with another length field or padding."""
    size = struct.pack(">I", len(message) if length is None else length)
    plain = b"0123456789abcdef" + size + message + receiveid
    missing = 32 - len(plain) % 32
    return plain + (bytes([missing]) * missing if pad is None else pad)


def sign(encrypted, timestamp=NOW, nonce="nonce123", token=TOKEN):
    return _get_signature(token, str(timestamp), nonce, encrypted)


def query_for(encrypted, timestamp=NOW, nonce="nonce123", token=TOKEN):
    return {
        "msg_signature": sign(encrypted, timestamp, nonce, token),
        "timestamp": str(timestamp),
        "nonce": nonce,
    }


def bot_post(message, *, token=TOKEN, aes_key=AES_KEY, timestamp=NOW, nonce="nonce123", encrypted=None):
    """A post to /wecom/bot."""
    text = message if isinstance(message, str) else json.dumps(message, ensure_ascii=False)
    encrypted = encrypted or encrypt(text, "", aes_key)
    return Posted(query_for(encrypted, timestamp, nonce, token), json.dumps({"encrypt": encrypted}).encode())


def app_post(xml, *, token=TOKEN, aes_key=AES_KEY, timestamp=NOW, nonce="nonce123", encrypted=None, corp=CORP):
    """A post to /wecom/app."""
    encrypted = encrypted or encrypt(xml, corp, aes_key)
    outer = (
        f"<xml><ToUserName><![CDATA[{corp}]]></ToUserName>"
        f"<Encrypt><![CDATA[{encrypted}]]></Encrypt><AgentID><![CDATA[1000002]]></AgentID></xml>"
    )
    return Posted(query_for(encrypted, timestamp, nonce, token), outer.encode())


def open_bot_answer(text, *, aes_key=AES_KEY, token=TOKEN):
    """What the platform reads in an encrypted answer of the bot."""
    parts = json.loads(text)
    assert parts["msgsignature"] == sign(parts["encrypt"], parts["timestamp"], parts["nonce"], token)
    return json.loads(PrpCrypto(key_of(aes_key)).decrypt(parts["encrypt"], ""))


def open_app_answer(text, nonce, *, aes_key=AES_KEY, token=TOKEN, corp=CORP):
    """What the platform reads in an encrypted answer of the app."""
    import xmltodict

    parts = xmltodict.parse(text)["xml"]
    crypto = WeChatCrypto(token, aes_key, corp)
    inner = crypto.decrypt_message({"Encrypt": parts["Encrypt"]}, parts["MsgSignature"], parts["TimeStamp"], nonce)
    assert parts["Nonce"] == nonce
    return xmltodict.parse(inner)["xml"]


def text_message(content, *, msgid="msg-1", userid="ZhangSan", chat="wrAAA", at=NOW):
    """A text to the 智能机器人, in a group unless `chat` is None."""
    body = {
        "msgid": msgid,
        "aibotid": "aib-1",
        "chattype": "group" if chat else "single",
        "from": {"userid": userid},
        "create_time": at,
        "response_url": "https://qyapi.weixin.qq.com/cgi-bin/aibot/response?response_code=RC1",
        "msgtype": "text",
        "text": {"content": content},
    }
    return body | ({"chatid": chat} if chat else {})


def text_xml(content, *, msgid="4561255354251345929", userid="ZhangSan", at=NOW, corp=CORP):
    """A text to the 自建应用."""
    return (
        f"<xml><ToUserName><![CDATA[{corp}]]></ToUserName><FromUserName><![CDATA[{userid}]]></FromUserName>"
        f"<CreateTime>{at}</CreateTime><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[{content}]]></Content>"
        f"<MsgId>{msgid}</MsgId><AgentID>1000002</AgentID></xml>"
    )
