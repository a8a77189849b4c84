"""NoneBot2 with the OneBot adapter over HTTP; it answers before its handlers have run."""

import nonebot
from keep import PORT, TOKEN, acknowledge, prepare
from nonebot.adapters.onebot.v11 import Adapter, MessageEvent

prepare()
nonebot.init(driver="~fastapi", host="127.0.0.1", port=PORT, log_level="CRITICAL", onebot_v11_secret=TOKEN)
driver = nonebot.get_driver()
driver.register_adapter(Adapter)
matcher = nonebot.on_message()


@driver.server_app.get("/healthz")
def healthz():
    return "ok"


@matcher.handle()
async def text(event: MessageEvent) -> None:
    acknowledge(str(event.message_id), str(event.user_id), str(event.get_message()))


if __name__ == "__main__":
    nonebot.run(access_log=False)
