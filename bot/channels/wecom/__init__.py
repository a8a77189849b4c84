"""企业微信: the legs on which the bot stands there, one file each.

long connection ─┐                                   ┌─ crypto.py         is it theirs, and what does it say
/wecom/bot  ─────┼─ json_messages.py ─┐              ├─ errcodes.py       what an error code means for us
/wecom/app  ─────┴─ xml_messages.py ──┴─ said.py     ├─ cards.py          cards with buttons, text cut to size
                                                     └─ media.py          pictures, fetched before they expire
callback.py      the two addresses that the platform posts to
app_api.py       what the self-built app may ask and send
"""
