"""What runs a sweep's tasks: one small interface, and what every engine promises.

* A task that was submitted has exactly one outcome, unless the engine is closed first.
* It runs in a process that can be killed: past its seconds or its memory it is, and so it is when it is canceled.
* When a process dies by another hand its task runs again, at most :data:`MOST_ATTEMPTS` times in all.
* Once closed, no process of it is left.

Nothing durable is in an engine: what was finished is the store's to know.
"""

from dataclasses import dataclass
from typing import Literal, Protocol

from topodesign.domain.checks import require_id, require_number

OutcomeState = Literal["done", "fault", "lost", "time", "memory", "canceled"]
MOST_ATTEMPTS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineTask:
    """A piece of work.

    Parameters
    ----------
    task_id : str
        Not that of another task of the same engine.
    function : str
        ``module:name`` of a function of tuple of bytes that gives bytes; it can be imported where it runs.
    payload : tuple of bytes
    wall_s : float
        Seconds after which it is killed.
    memory_bytes : int
        Resident bytes, of its process and what that starts, beyond which it is killed.
    """

    task_id: str
    function: str
    payload: tuple[bytes, ...]
    wall_s: float
    memory_bytes: int

    def __post_init__(self) -> None:
        require_id(self.task_id, field="task_id")
        require_number(self.wall_s, field="wall_s", above=0)
        require_number(self.memory_bytes, field="memory_bytes", above=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskOutcome:
    """How a task ended: ``content`` of a task that is ``done``, else ``reason`` and ``message``.

    ``fault``: it raised an error; ``lost``: its process died, every time; ``time``, ``memory``: it was killed for
    taking too much; ``canceled``: on request. ``run_s`` is what its last attempt took.
    """

    task_id: str
    state: OutcomeState
    content: bytes = b""
    reason: str = ""
    message: str = ""
    attempts: int = 1
    run_s: float = 0.0


class Engine(Protocol):
    """Runs tasks in processes. All calls come from one thread."""

    @property
    def workers(self) -> int:
        """Tasks that run at the same time."""

    def submit(self, task: EngineTask) -> None:
        """Take a task; it runs when a process is free, those submitted first before others."""

    def results(self, timeout_s: float) -> tuple[TaskOutcome, ...]:
        """Outcomes that were not told yet, after at most so many seconds; none when nothing ended until then."""

    def cancel(self, task_id: str) -> None:
        """End a task within a second, running or not; nothing happens when it has ended.

        What waits for its process begins with the next call of ``submit`` or ``results``, so that none of several
        tasks that are canceled together begins meanwhile.
        """

    def close(self) -> None:
        """End everything. May be called again."""
