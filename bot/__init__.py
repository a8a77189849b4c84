"""The body of Shoudao: doors, clock, loops, and the office's desk.

    people                                                          people
      | callback, socket frame, browser post                          ^ post, frame, event stream
      v                                                               |
bot/channels/<door>.py                                       bot/channels/<door>.py
      | Incoming; waits for the commit                                ^ Sent | TryLater | Refused | Unsure
      v                                                               |
bot/dispatch.py  <-- tick -- bot/clock.py            bot/sender.py --- settles the row
      |   one transaction for all that waits                          ^
      v   (bot/listening.py finds the handler)                        | claim, look again, send
handlers/<verb>.py --> models/<noun>.py --> models/outbox.py ---------+
                             |
                        models/rules/

two tables (inbox, outbox), two loops (dispatch, sender), one clock
"""
