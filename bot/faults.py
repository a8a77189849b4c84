"""What is wrong with an HTTP call, for whoever answers it."""


class Fault(Exception):
    """What is wrong with a call: an HTTP status and one sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status, self.sentence = status, sentence
