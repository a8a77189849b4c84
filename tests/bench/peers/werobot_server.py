"""WeRoBot's own WSGI application behind waitress."""

from keep import AES_KEY, CORP, PORT, TOKEN, acknowledge, prepare
from waitress import serve
from werobot import WeRoBot

robot = WeRoBot(token=TOKEN, encoding_aes_key=AES_KEY, app_id=CORP, enable_session=False)


@robot.text
def text(message):
    return acknowledge(str(message.message_id), message.source, message.content)


def app(environ, start_response):
    if environ["PATH_INFO"] == "/healthz":
        start_response("200 OK", [("Content-Length", "2")])
        return [b"ok"]
    return robot.wsgi(environ, start_response)


if __name__ == "__main__":
    prepare()
    serve(app, host="127.0.0.1", port=PORT, threads=8)
