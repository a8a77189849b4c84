"""企业微信: the legs on which the bot stands there, one file each.

in    socket.py, keeper.py      the long connection of the 智能机器人
      callback.py               /wecom/bot and /wecom/app, the addresses that the platform posts to
        envelopes.py            how each is written
        crypto.py               is it theirs, and what does it say
        passive.py              what is answered in the same breath
        catching_up.py, spool.py  what the database could not take in time
      json_messages.py, xml_messages.py -> said.py
      media.py, fetching.py     pictures, before their addresses die
      identity.py, names.py, intake.py    whose it is, and into the dispatch
out   door.py                   which leg a message takes
        bot_leg.py, reply_leg.py, push.py
        group_cards.py, card_chances.py   how a card gets into a group, and when
        app_api.py, app_calls.py, access_token.py
      cards.py, shorten.py      made to fit
      quotas.py                 no more than the platform takes
      errcodes.py               what an error code means for us
"""
