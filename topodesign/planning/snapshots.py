"""Plans made on the way from the best design so far, so seldom that the search hardly notices."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from topodesign.domain.plan import Plan
from topodesign.planning.halting import Halt

REST = 20.0
"""Between two snapshots the search has this many times what the last one took: they take 5 % of it at most."""
FIRST_S = 0.5
"""A search that is over sooner makes none."""


@dataclass(slots=True, kw_only=True)
class Snapshots:
    """Hands out the plan of the newest best design when it is time for one, and when the search is asked to stop.

    A design that comes too early waits, until a better one takes its place or it is time; the search asks whether to
    stop about 20 times a second, and that is the occasion. Making a plan reads the search and changes nothing in it:
    what the search finds does not depend on it.

    Parameters
    ----------
    on_plan : callable or None
        Gets each plan, not verified; what it takes counts too. Without one nothing is made.
    clock : callable
        Tells seconds.
    """

    on_plan: Callable[[Plan], None] | None
    clock: Callable[[], float] = time.monotonic
    _waiting: Callable[[], Plan] | None = field(default=None, init=False)
    _not_before_s: float = field(init=False)

    def __post_init__(self) -> None:
        self._not_before_s = self.clock() + FIRST_S

    def offer(self, make: Callable[[], Plan]) -> None:
        """There is a better design, whose plan ``make`` would make."""
        self._waiting = make

    def watched(self, halt: Halt) -> Halt:
        """The same halt; whoever asks whether to stop gives the occasion for a snapshot."""
        if self.on_plan is None:
            return halt

        def should_stop() -> bool:
            is_over = halt.should_stop()
            self._take(is_last=is_over)
            return is_over

        return Halt(deadline=halt.deadline, should_stop=should_stop)

    def _take(self, *, is_last: bool) -> None:
        begun_s = self.clock()
        if self.on_plan is None or self._waiting is None or (begun_s < self._not_before_s and not is_last):
            return
        make, self._waiting = self._waiting, None
        self.on_plan(make())
        ended_s = self.clock()
        self._not_before_s = ended_s + REST * (ended_s - begun_s)
