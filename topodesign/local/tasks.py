"""The tasks of the service's children, run in this process."""

from topodesign_server.tasks import TASKS, TaskContext


def run_here(name: str, *payload: bytes) -> bytes:
    """The result of a task that reports nothing and is not to be stopped; raises what the task raises."""
    return TASKS[name](payload, TaskContext(emit=_ignore, keep=_ignore, should_stop=_never))


def _ignore(_: bytes) -> None:
    return None


def _never() -> bool:
    return False
