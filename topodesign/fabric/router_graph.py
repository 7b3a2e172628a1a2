"""Explicit graphs of accelerators that hang on switches by one link each, and cable runs by name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from topodesign.domain.checks import require
from topodesign.fabric.topology import CableRun, Counts, FabricGraph, require_graph_size

MAX_GRAPH_LINKS = 5_000_000
"""Explicit graphs with more links between switches are refused: each takes some hundred bytes on the way."""


def require_switch_graph(*, accelerators: int, switches: int, links: int) -> None:
    """Refuse to write down a graph that is too large to be looked at."""
    require_graph_size(accelerators + switches)
    require(
        links <= MAX_GRAPH_LINKS,
        field="links between switches",
        value=links,
        limit=f"at most {MAX_GRAPH_LINKS} for an explicit graph",
        remedy="use fewer ports, or a smaller fabric of the same family",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RunList:
    """The cable runs of a topology that have any cable; ``index`` by short name (0 for one without cables)."""

    runs: tuple[CableRun, ...]
    index: Mapping[str, int]

    @classmethod
    def of(cls, **named: tuple[str, int, float]) -> Self:
        """From (what, count, length in metres) by short name."""
        runs: list[CableRun] = []
        index = {}
        for name, (what, count, length_m) in named.items():
            index[name] = len(runs) if count else 0
            if count:
                runs.append(CableRun(what=what, count=count, length_m=length_m))
        return cls(runs=tuple(runs), index=index)


def host_places(per_switch: int, switches: int) -> Counts:
    """Switch of every accelerator, equally many on each."""
    return np.repeat(np.arange(switches, dtype=np.int64), per_switch)


def hosts_on_switches(
    *,
    hosts: Counts,
    switches: int,
    host_run: int,
    links: Sequence[tuple[Counts, Counts, int] | tuple[Counts, Counts, int, int]],
    groups: Counts | None = None,
    sources: Counts | None = None,
) -> FabricGraph:
    """The graph.

    Parameters
    ----------
    hosts : array of int, shape (accelerators,)
        Switch of every accelerator.
    links : sequence of (a, z, run[, count])
        Links between switches, which count from 0.
    groups : array of int, shape (switches,), optional
        Group of every switch; with the switch itself these are the coordinates.
    sources : array of int, optional
        As of :class:`topodesign.fabric.graph.FabricGraph`.
    """
    accelerators = len(hosts)
    own = np.arange(accelerators, dtype=np.int64)
    a = [own] + [link[0] + accelerators for link in links]
    z = [hosts + accelerators] + [link[1] + accelerators for link in links]
    run = [np.full(accelerators, host_run)] + [np.full(len(link[0]), link[2]) for link in links]
    count = [np.ones(accelerators, dtype=np.int64)]
    count += [np.full(len(link[0]), link[3] if len(link) == 4 else 1) for link in links]
    places = [hosts] if groups is None else [groups[hosts], hosts]
    return FabricGraph.from_arrays(
        vertices=accelerators + switches,
        hosts=accelerators,
        a=np.concatenate(a),
        z=np.concatenate(z),
        count=np.concatenate(count),
        run=np.concatenate(run),
        coordinates=np.column_stack(places),
        sources=sources,
    )
