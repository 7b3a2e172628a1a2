"""Jellyfish: a random regular graph of switches, drawn by a generator of its own from a seed.

References
----------
A. Singla, C.-Y. Hong, L. Popa, P. B. Godfrey (2012), "Jellyfish: Networking Data Centers Randomly", NSDI, section 3.
"""

import random
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from topodesign.domain.fabric_switched import Jellyfish
from topodesign.fabric.distances import require_searchable
from topodesign.fabric.floor_plan import FLOOR_PLAN, across_cable_m, group_cable_m
from topodesign.fabric.hosted import HostsOnSwitches
from topodesign.fabric.router_graph import RunList, host_places, hosts_on_switches, require_switch_graph
from topodesign.fabric.topology import CableRun, Counts, FabricGraph, PathClasses

Pair = tuple[int, int]
SWAPS_PER_FAULT = 200
"""Random swaps tried for each loop or parallel link before all ports are drawn again."""


@dataclass(frozen=True)
class JellyfishTopology(HostsOnSwitches):
    """A random regular graph with equally many accelerators on every switch.

    Parameters
    ----------
    spec : Jellyfish
        Construction raises :class:`InvalidInput` when the explicit graph would be too large, or its search too long.
    """

    spec: Jellyfish

    def __post_init__(self) -> None:
        switches = self.spec.switches
        links = switches * self.spec.network_ports // 2
        require_switch_graph(accelerators=self.accelerators, switches=switches, links=links)
        # before anything is drawn: accelerators of a switch are searched from once, and share one link to it
        require_searchable(switches, links + switches)

    @property
    def kind(self) -> str:
        return self.spec.kind

    @property
    def name(self) -> str:
        spec = self.spec
        return (
            f"Jellyfish, {spec.switches} switches, {spec.network_ports} + {spec.server_ports} ports, seed {spec.seed}"
        )

    @property
    def accelerators(self) -> int:
        return self.spec.switches * self.spec.server_ports

    @property
    def link_gbps(self) -> float:
        return self.spec.link_gbps

    @property
    def switch_radix(self) -> int:
        return self.spec.network_ports + self.spec.server_ports

    @property
    def switches_by_tier(self) -> tuple[int, ...]:
        return (self.spec.switches,)

    @property
    def assumptions(self) -> tuple[str, ...]:
        said = [FLOOR_PLAN, f"a random graph drawn from seed {self.spec.seed}; other seeds differ slightly"]
        if self.spec.switches * self.spec.network_ports % 2:
            said.append("the number of network ports is odd: one stays unused")
        if self.parts > 1:
            said.append(f"disconnected: the graph falls into {self.parts} parts; use 3 network ports or more")
        return tuple(said)

    @cached_property
    def links(self) -> tuple[Counts, Counts]:
        """Links between switches."""
        found = random_regular_links(self.spec.switches, self.spec.network_ports, seed=self.spec.seed)
        ends = np.array(found, dtype=np.int64).reshape(-1, 2)
        return ends[:, 0], ends[:, 1]

    @cached_property
    def parts(self) -> int:
        """Parts that no link joins; 1: connected."""
        return _parts(self.spec.switches, *self.links)

    @cached_property
    def _runs(self) -> RunList:
        return RunList.of(
            host=("accelerator to switch", self.accelerators, group_cable_m(self.spec.server_ports)),
            network=("between switches", len(self.links[0]), across_cable_m(self.accelerators)),
        )

    def cable_runs(self) -> tuple[CableRun, ...]:
        return self._runs.runs

    def path_classes(self) -> PathClasses:
        """All cables between switches are as long: only hops count."""
        found = self._hops
        host_m, network_m = group_cable_m(self.spec.server_ports), across_cable_m(self.accelerators)
        hops = np.flatnonzero(found.pairs)
        return PathClasses(
            pairs=found.pairs[hops],
            hops=hops,
            switches=hops - 1,
            direct_hops=np.zeros_like(hops),
            metres=2 * host_m + (hops - 2).astype(np.float64) * network_m,
            disconnected=found.disconnected,
        )

    def build_graph(self) -> FabricGraph:
        return hosts_on_switches(
            hosts=host_places(self.spec.server_ports, self.spec.switches),
            switches=self.spec.switches,
            host_run=self._runs.index["host"],
            links=((*self.links, self._runs.index["network"]),),
        )


def random_regular_links(switches: int, ports: int, *, seed: int) -> list[Pair]:
    """Links of a random graph in which every switch has ``ports`` of them (one has one less when all are odd).

    Ports are joined in random pairs; loops and parallel links are then swapped with random other links, and so are
    links of different parts, until the graph is simple and, from two ports on, connected.

    Returns
    -------
    list of (int, int)
        Sorted, the lower switch first; the same for the same arguments everywhere.
    """
    source = random.Random(seed)
    if 2 * ports <= switches:
        links = _drawn(switches, ports, source)
        if ports > 1:
            _join_parts(switches, links, source)
        return sorted(links)
    # a dense graph is the complement of a sparse one: far fewer swaps
    links = _complement(switches, _drawn(switches, switches - 1 - ports, source))
    crowded = np.bincount(np.array(links).ravel(), minlength=switches) > ports
    if crowded.any():  # an odd number of ports was missing: one switch has a link too many
        links.remove(next(link for link in links if crowded[link[0]] or crowded[link[1]]))
    return links


def _complement(switches: int, missing: list[Pair]) -> list[Pair]:
    absent = set(missing)
    return [(a, z) for a in range(switches) for z in range(a + 1, switches) if (a, z) not in absent]


def _drawn(switches: int, ports: int, source: random.Random) -> list[Pair]:
    stubs = [switch for switch in range(switches) for _ in range(ports)]
    while True:
        source.shuffle(stubs)
        links = [_pair(a, z) for a, z in zip(stubs[::2], stubs[1::2], strict=False)]
        if _mend(links, source):
            return links


def _pair(a: int, z: int) -> Pair:
    return (a, z) if a < z else (z, a)


def _mend(links: list[Pair], source: random.Random) -> bool:
    """Swap ends of loops and of parallel links with random other links; false when that leads nowhere."""
    seen: set[Pair] = set()
    faulty = []
    for place, link in enumerate(links):
        if link[0] == link[1] or link in seen:
            faulty.append(place)
        else:
            seen.add(link)
    is_faulty = set(faulty)
    for _ in range(SWAPS_PER_FAULT * len(faulty)):
        if not faulty:
            break
        place = faulty[-1]
        other = source.randrange(len(links))
        (a, z), (b, y) = links[place], links[other]
        if source.random() < 0.5:
            b, y = y, b
        new, also = _pair(a, b), _pair(z, y)
        if other in is_faulty or a == b or z == y or new in seen or also in seen or new == also:
            continue
        seen.discard(links[other])
        seen.update((new, also))
        links[place], links[other] = new, also
        is_faulty.discard(faulty.pop())
    return not faulty


def _join_parts(switches: int, links: list[Pair], source: random.Random) -> None:
    """Swap a link of one part with a link of another while there are two parts with a link on a cycle."""
    for _ in range(switches):
        ends = np.array(links, dtype=np.int64).reshape(-1, 2)
        count, part = _components(switches, ends[:, 0], ends[:, 1])
        if count == 1:
            return
        by_part = [np.flatnonzero(part[ends[:, 0]] == member) for member in range(count)]
        by_part = [members for members in by_part if len(members)]
        if len(by_part) < 2:
            return
        first, second = (int(members[source.randrange(len(members))]) for members in by_part[:2])
        (a, z), (b, y) = links[first], links[second]
        links[first], links[second] = _pair(a, b), _pair(z, y)


def _parts(switches: int, a: Counts, z: Counts) -> int:
    return _components(switches, a, z)[0]


def _components(switches: int, a: Counts, z: Counts) -> tuple[int, Counts]:
    matrix = coo_array((np.ones(len(a), dtype=np.int8), (a, z)), shape=(switches, switches))
    count, part = connected_components(matrix, directed=False)
    return int(count), part.astype(np.int64)
