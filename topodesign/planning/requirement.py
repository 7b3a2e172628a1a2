"""What the lightpaths must carry, as rows that are found when a solution breaks them."""

from collections.abc import Sequence
from typing import Protocol

from topodesign.planning import partition_rows, routing_rows
from topodesign.planning.failures import FailureState, FailureStates
from topodesign.planning.halting import Halt
from topodesign.planning.instance import Floats, Instance
from topodesign.planning.master import Master
from topodesign.planning.programme import Row


class Separator(Protocol):
    """Finds violated rows of the demand, in every failure state of the policy."""

    states: FailureStates

    def rows_for_used(
        self,
        master: Master,
        capacity_gbps: Floats,
        used: Sequence[int],
        *,
        least: float = ...,
        most: int = ...,
        halt: Halt = ...,
    ) -> list[Row]:
        """Exact where the used sites are known. ``least``: smallest violation that counts, as a share."""
        ...

    def strength_gbps(self, capacity_gbps: Floats, used: Sequence[int], state: FailureState) -> float:
        """How much of the demand's kind the lightpaths carry in a state; infinite where nothing is asked of them."""
        ...

    def rows_for_openness(
        self,
        master: Master,
        capacity_gbps: Floats,
        openness: Floats,
        pods: Floats,
        *,
        most: int | None = ...,
        halt: Halt = ...,
    ) -> list[Row]:
        """Rows that a relaxation breaks whose sites are used to the share ``openness``."""
        ...


def separator_for(instance: Instance) -> Separator:
    """The separator of the scenario's kind of demand."""
    if instance.scenario.workload.demand == "all-reduce":
        return partition_rows.PartitionSeparator(instance)
    return routing_rows.RoutingSeparator(instance)


def exactness(instance: Instance) -> float:
    """Smallest violation that a design in whole lightpaths may not have."""
    return partition_rows.EXACT if instance.scenario.workload.demand == "all-reduce" else routing_rows.EXACT
