"""When a search must end: a deadline, and a request to stop."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass


def never() -> bool:
    """Default request to stop."""
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Halt:
    """``deadline`` in ``time.monotonic`` seconds; ``should_stop`` is asked often, so it must be quick."""

    deadline: float = math.inf
    should_stop: Callable[[], bool] = never

    def is_over(self) -> bool:
        """Whether to return what there is, now."""
        return self.should_stop() or time.monotonic() >= self.deadline

    def left_s(self) -> float:
        """Seconds to the deadline; infinite without one."""
        return self.deadline - time.monotonic()


NEVER = Halt()
