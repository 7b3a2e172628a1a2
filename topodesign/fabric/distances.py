"""Distances of explicit graphs: hops of all pairs, and classes of equal shortest paths."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components, dijkstra

from topodesign.domain.checks import require
from topodesign.fabric.bit_search import Words, bits_of, gathered, gathering, levels, source_bits, weighted_bits
from topodesign.fabric.graph import Counts, FabricGraph, Lengths
from topodesign.fabric.quotient import quotient_of
from topodesign.fabric.topology import PathClasses, no_paths

WORDS_AT_ONCE = 64
"""Sources of one sweep, in words of 64: the frontier of 10,000 vertices then takes 5 MB, about a cache."""
KEYED_WORDS = 16
"""Words of sources at once where paths are told apart by cables too: several sets of bits wait at a time."""
FLAT_DIAMETER, FEW_KINDS = 10, 12
"""Up to here keys of paths are few, and searching them on bits is many times faster than source by source."""
CELLS_AT_ONCE = 4_000_000
"""Distances of one batch of weighted searches, 32 MB."""
MOST_SEARCHED = 50_000_000_000
"""Sources times arcs up to which distances of all pairs are searched on bits: about a minute on one core."""
MOST_SEARCHED_SINGLY = 600_000_000
"""The same source by source, about half a minute."""
MOST_LEVELED = 4_000_000_000
"""Words of 64 sources times arcs times levels of such a search: about half a minute."""
EXACT_INTEGERS = 2**53
"""Whole numbers below this are exact in floating point."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HopHistogram:
    """``pairs[d]`` ordered pairs of different accelerators are ``d`` links apart; ``disconnected`` have no path."""

    pairs: Counts
    disconnected: int

    @property
    def connected(self) -> int:
        return int(self.pairs.sum())

    @property
    def diameter(self) -> int:
        return len(self.pairs) - 1

    @property
    def mean(self) -> float:
        """Mean over the connected pairs; 0 without pairs."""
        hops = int((self.pairs * np.arange(len(self.pairs))).sum())
        return hops / self.connected if self.connected else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ends:
    """Which vertices are searched from, and for how many accelerators each end of a path stands."""

    graph: FabricGraph
    sources: Counts
    source_weight: Counts
    target_weight: Counts
    scale: int


def hop_histogram(graph: FabricGraph) -> HopHistogram:
    """Exact distances in links over all ordered pairs of different accelerators.

    Twins are searched once (:mod:`topodesign.fabric.quotient`); a graph that claims symmetry, from one source.
    """
    ends = _ends(graph, use_orbit=True)
    require_searchable(len(ends.sources), len(ends.graph.a))
    _require_shallow(ends)
    counts = np.zeros(1, dtype=np.int64)
    order = np.argsort(ends.source_weight, kind="stable")
    for first in range(0, len(order), WORDS_AT_ONCE * 64):
        found = _histogram_from(ends, order[first : first + WORDS_AT_ONCE * 64])
        size = max(len(counts), len(found))
        counts = np.pad(counts, (0, size - len(counts))) + np.pad(found, (0, size - len(found)))
    counts = counts * ends.scale
    if len(ends.target_weight) < graph.hosts:
        twins = int((ends.target_weight * (ends.target_weight - 1)).sum())
        counts = np.pad(counts, (0, max(0, 3 - len(counts))))
        counts[2] += twins
    counts[0] = 0
    counts = np.trim_zeros(counts, "b") if counts.any() else counts[:1]
    return HopHistogram(pairs=counts, disconnected=graph.hosts * (graph.hosts - 1) - int(counts.sum()))


def require_searchable(sources: int, links: int, *, most: int = MOST_SEARCHED) -> None:
    """Refuse to search more than takes about a minute.

    Parameters
    ----------
    sources, links : int
        Vertices that are searched from, twins counted once, and pairs of vertices that links join.

    Raises
    ------
    InvalidInput
        When there are too many.
    """
    require(
        sources * 2 * links <= most,
        field="graph",
        value=f"{sources} sources x {2 * links} links, both ways",
        limit=f"at most {most} (sources x links)",
        remedy="use a smaller fabric of the same family, or one whose family has closed forms",
    )


def _require_shallow(ends: _Ends) -> None:
    """Refuse graphs so deep that all arcs would be looked at too often: once for each link of the longest path.

    No path from one vertex has more links than the longest, and that is no more than twice as long.
    """
    graph, words = ends.graph, -(-len(ends.sources) // 64)
    if len(ends.sources) == 0 or graph.vertices * len(graph.a) * words <= MOST_LEVELED:
        return
    links = csr_array((np.ones(len(graph.a)), (graph.a, graph.z)), shape=(graph.vertices, graph.vertices))
    found = dijkstra(links, directed=False, indices=_in_largest_part(links, ends.sources), unweighted=True)
    depth = int(found[np.isfinite(found)].max())
    require(
        depth * 2 * len(graph.a) * words <= MOST_LEVELED,
        field="graph",
        value=f"{len(ends.sources)} sources, {2 * len(graph.a)} links both ways, paths of {depth} links or more",
        limit=f"at most {MOST_LEVELED} (sources / 64 x links x links of a path)",
        remedy="use a smaller fabric, or one whose family has closed forms",
    )


def _in_largest_part(links: csr_array, sources: Counts) -> Counts:
    """One of the sources."""
    part = connected_components(links, directed=False)[1]
    first = int(np.argmax(np.bincount(part)[part[sources]]))
    return sources[first : first + 1]


def _ends(graph: FabricGraph, *, use_orbit: bool) -> _Ends:
    sources = graph.sources
    if use_orbit and graph.orbit is not None:
        sources = np.zeros(1, dtype=np.int64)
    if sources is not None and graph.hosts:
        ones = np.ones(graph.hosts, dtype=np.int64)
        scale = graph.hosts // len(sources)
        return _Ends(graph=graph, sources=sources, source_weight=ones[sources], target_weight=ones, scale=scale)
    reduced = quotient_of(graph)
    return _Ends(
        graph=reduced.graph,
        sources=np.arange(reduced.graph.hosts, dtype=np.int64),
        source_weight=reduced.weight,
        target_weight=reduced.weight,
        scale=1,
    )


def _histogram_from(ends: _Ends, chosen: Counts) -> Counts:
    """Pairs by distance from some of the sources, in order of weight; distance 0 is left out."""
    seen, masks = _started(ends, chosen)
    counts = [0]
    for new in levels(ends.graph, seen):
        reached = new[: ends.graph.hosts]
        counts.append(sum(value * weighted_bits(reached, mask, ends.target_weight) for value, mask in masks))
    return np.array(counts, dtype=np.int64)


def _started(ends: _Ends, chosen: Counts) -> tuple[Words, list[tuple[int, Words]]]:
    """One bit for each chosen source at its own vertex, and for each weight the bits of the sources that have it."""
    weight = ends.source_weight[chosen]
    seen = source_bits(ends.graph.vertices, ends.sources[chosen])
    return seen, [(int(value), bits_of(weight == value, seen.shape[1])) for value in np.unique(weight)]


def path_classes_of(graph: FabricGraph, run_m: Lengths) -> PathClasses:
    """Shortest paths of all ordered pairs of accelerators: fewest links, among these the shortest cables.

    Parameters
    ----------
    graph : FabricGraph
    run_m : array of float, shape (runs,)
        Length of one cable of each run, metres; counted to the millimetre (coarser on paths of thousands of links).

    Returns
    -------
    PathClasses
        A link is driven by an accelerator's own router when it leaves an accelerator, unless it is the first of its
        path and leads to a switch. Pairs without a path are in ``disconnected`` only.
    """
    histogram = hop_histogram(graph)
    if histogram.connected == 0:
        none = no_paths()
        return PathClasses(
            pairs=none.pairs,
            hops=none.hops,
            switches=none.switches,
            direct_hops=none.direct_hops,
            metres=none.metres,
            disconnected=histogram.disconnected,
        )
    key = _PathKey.fitting(histogram.diameter, run_m)
    if graph.switches == 0 and len(np.unique(key.run_units[graph.run])) == 1:
        return _by_hops(histogram, float(run_m[graph.run[0]]))
    ends = _ends(graph, use_orbit=False)
    totals: dict[int, int] = {}
    kinds = len(np.unique(key.run_units)) * 2
    is_flat = histogram.diameter <= FLAT_DIAMETER and kinds <= FEW_KINDS
    for keys, pairs in (_keyed_by_bits if is_flat else _keyed_by_search)(ends, key):
        for value, count in zip(keys.tolist(), pairs.tolist(), strict=True):
            totals[value] = totals.get(value, 0) + count
    if len(ends.target_weight) < graph.hosts:
        _add_twins(totals, ends, key)
    values = np.array(sorted(totals), dtype=np.int64)
    pairs = np.array([totals[value] for value in values.tolist()], dtype=np.int64)
    hops, metres, switches, first = key.split(values)
    return PathClasses(
        pairs=pairs,
        hops=hops,
        switches=switches,
        direct_hops=hops - switches - first,
        metres=metres,
        disconnected=histogram.disconnected,
    )


def _by_hops(histogram: HopHistogram, cable_m: float) -> PathClasses:
    """The classes where all cables are alike and no switch is on the way."""
    hops = np.flatnonzero(histogram.pairs)
    return PathClasses(
        pairs=histogram.pairs[hops],
        hops=hops,
        switches=np.zeros_like(hops),
        direct_hops=hops,
        metres=hops.astype(np.float64) * cable_m,
        disconnected=histogram.disconnected,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _PathKey:
    """(hops, length, switches, first link leads to a switch) of a path in one whole number that adds up along it."""

    unit_m: float
    run_units: Counts
    length_span: int
    switch_span: int

    @classmethod
    def fitting(cls, diameter: int, run_m: Lengths) -> "_PathKey":
        unit_m = 0.001
        while True:
            units = np.rint(np.asarray(run_m, dtype=float) / unit_m).astype(np.int64)
            length_span = diameter * int(units.max(initial=0)) + 1
            if (diameter + 1) * length_span * (diameter + 1) * 2 < EXACT_INTEGERS:
                return cls(unit_m=unit_m, run_units=units, length_span=length_span, switch_span=diameter + 1)
            unit_m *= 10

    def of(self, length: Counts, switches: Counts, first: Counts) -> Counts:
        """Key of single links."""
        return ((self.length_span + length) * self.switch_span + switches) * 2 + first

    def split(self, keys: Counts) -> tuple[Counts, Lengths, Counts, Counts]:
        rest, first = keys // 2, keys % 2
        rest, switches = rest // self.switch_span, rest % self.switch_span
        metres = (rest % self.length_span).astype(np.float64) * self.unit_m
        return rest // self.length_span, metres, switches, first


def _keyed_by_bits(ends: _Ends, key: _PathKey) -> Iterator[tuple[Counts, Counts]]:
    """Keys of shortest paths with their numbers of ordered pairs, all sources of a batch at once in rising order."""
    order = np.argsort(ends.source_weight, kind="stable")
    for first in range(0, len(order), KEYED_WORDS * 64):
        chosen = order[first : first + KEYED_WORDS * 64]
        seen, masks = _started(ends, chosen)
        keys, pairs = [], []
        for value, new in _keyed_levels(ends.graph, seen, key):
            reached = new[: ends.graph.hosts]
            keys.append(value)
            pairs.append(sum(number * weighted_bits(reached, mask, ends.target_weight) for number, mask in masks))
        counted = np.array(pairs, dtype=np.int64) * ends.scale
        yield np.array(keys, dtype=np.int64)[counted > 0], counted[counted > 0]


def _keyed_levels(graph: FabricGraph, seen: Words, key: _PathKey) -> Iterator[tuple[int, Words]]:
    """Bits of the sources whose best path to each vertex has the next key; arcs of equal keys are one gathering."""
    start, heads, edges = graph.arcs()
    tails = np.repeat(np.arange(graph.vertices), np.diff(start))
    units, to_switch = key.run_units[graph.run[edges]], (heads >= graph.hosts).astype(np.int64)
    kinds = []
    for unit, enters in {*zip(units.tolist(), to_switch.tolist(), strict=True)}:
        taken = (units == unit) & (to_switch == enters)
        length, switch = np.array([unit]), np.array([enters])
        later, first = int(key.of(length, switch, 0 * switch)[0]), int(key.of(length, switch, switch)[0])
        kinds.append((later, first, gathering(tails[taken], heads[taken])))
    waiting = {first: np.zeros_like(seen) for _, first, _ in kinds}
    for _, first, groups in kinds:
        waiting[first] |= gathered(seen, groups)
    while waiting:
        value = min(waiting)
        new = waiting.pop(value) & ~seen
        if not new.any():
            continue
        seen |= new
        yield value, new
        for later, _, groups in kinds:
            further = gathered(new, groups)
            waiting[value + later] = waiting[value + later] | further if value + later in waiting else further


def _keyed_by_search(ends: _Ends, key: _PathKey) -> Iterator[tuple[Counts, Counts]]:
    """Keys of shortest paths with their numbers of ordered pairs, batch by batch of sources."""
    require_searchable(len(ends.sources), len(ends.graph.a), most=MOST_SEARCHED_SINGLY)
    graph = ends.graph
    start, heads, edges = graph.arcs()
    tails = np.repeat(np.arange(graph.vertices), np.diff(start))
    units = key.run_units[graph.run[edges]]
    to_switch = (heads >= graph.hosts).astype(np.int64)
    inner = key.of(units, to_switch, np.zeros_like(units))
    outer = key.of(units, to_switch, to_switch)
    batch = max(1, CELLS_AT_ONCE // graph.vertices)
    for begin in range(0, len(ends.sources), batch):
        sources = ends.sources[begin : begin + batch]
        # each source gets a copy that only leads out, since the first link counts otherwise than a link passed later
        arcs = np.concatenate([np.arange(start[source], start[source + 1]) for source in sources])
        copies = graph.vertices + np.repeat(np.arange(len(sources)), np.diff(start)[sources])
        size = graph.vertices + len(sources)
        matrix = csr_array(
            (
                np.concatenate([inner, outer[arcs]]).astype(float),
                (np.concatenate([tails, copies]), np.concatenate([heads, heads[arcs]])),
            ),
            shape=(size, size),
        )
        found = dijkstra(matrix, indices=np.arange(graph.vertices, size))[:, : graph.hosts]
        found[np.arange(len(sources)), sources] = np.inf
        yield _grouped(found, ends.source_weight[begin : begin + batch] * ends.scale, ends.target_weight)


def _grouped(found: Lengths, source_weight: Counts, target_weight: Counts) -> tuple[Counts, Counts]:
    reached = np.isfinite(found)
    values = found[reached].astype(np.int64)
    weights = np.multiply.outer(source_weight, target_weight)[reached]
    order = np.argsort(values, kind="stable")
    values, weights = values[order], weights[order]
    starts = np.flatnonzero(np.concatenate([[True], np.diff(values) != 0])) if len(values) else order
    return values[starts], np.add.reduceat(weights, starts) if len(values) else weights


def _add_twins(totals: dict[int, int], ends: _Ends, key: _PathKey) -> None:
    """Pairs of twins: out and back over the shortest link to one of their switches."""
    graph = ends.graph
    units = key.run_units[graph.run]
    for host in np.flatnonzero(ends.target_weight > 1).tolist():
        begin, end = np.searchsorted(graph.a, [host, host + 1])
        shortest = units[begin:end].min()
        link = np.array([shortest])
        there = key.of(link, np.ones_like(link), np.ones_like(link))
        back = key.of(link, np.zeros_like(link), np.zeros_like(link))
        value = int(there[0] + back[0])
        number = int(ends.target_weight[host])
        totals[value] = totals.get(value, 0) + number * (number - 1)
