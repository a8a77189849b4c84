"""What may be said of an error in a log or an alarm: never its text, which may quote a message."""

OURS = ("bot", "handlers", "models")


def origin(trouble: BaseException) -> str:
    """The kind of an error and the line of ours that it came from."""
    frame, where = trouble.__traceback__, ""
    while frame is not None:
        name = str(frame.tb_frame.f_globals.get("__name__", ""))
        if name.partition(".")[0] in OURS:
            where = f" {name}:{frame.tb_lineno}"
        frame = frame.tb_next
    return type(trouble).__name__ + where
