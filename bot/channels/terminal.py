"""The text door: one message said on the command line, and what the bot answers to it."""

from collections import defaultdict

from bot.channels import Abilities, Outcome, Outgoing, sent

NAME = "terminal"


class Terminal:
    """Keeps answers until whoever asked takes them; it never carries what nobody asked for."""

    name = NAME
    shows_settled_only = True
    abilities = Abilities(private_push=True, hears_all=True)

    def __init__(self) -> None:
        self._said: dict[str, list[str]] = defaultdict(list)

    async def send(self, message: Outgoing) -> Outcome:
        return sent(str(message.id))

    def settled(self, message: Outgoing, outcome: Outcome) -> None:
        if message.person is not None:
            self._said[message.person].append(message.body)

    def take(self, person: str) -> list[str]:
        """What was answered to this person since the last look."""
        return self._said.pop(person, [])
