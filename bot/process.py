"""What a process that serves asks of the system and of its libraries, before anything else."""

from bot.one_heap import share_one_heap
from bot.shut_mouth import keep_memory_in
from models.sqlite_threads import keep_to_their_threads


def prepare_process() -> None:
    """Called once, before the first thread starts and the first connection is opened."""
    keep_memory_in()
    share_one_heap()
    keep_to_their_threads()
