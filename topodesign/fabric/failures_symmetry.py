"""Units that are alike: enumerating single failures then needs one of each class.

Candidates for automorphisms are proposed from the coordinates (shift every accelerator along one axis, switches follow
the accelerators), and each is checked link by link before it is used. Vertices with the same links to the same
neighbors may be exchanged too. What cannot be proven alike is looked at one by one.
"""

import itertools
from collections.abc import Iterator

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from topodesign.fabric.failures import FailureDomains
from topodesign.fabric.failures_units import Units
from topodesign.fabric.graph import Counts, FabricGraph


def classes_of(domains: FailureDomains, units: Units) -> Counts:
    """Class of every unit; units of one class leave the same fabric but for the names of its vertices."""
    graph = domains.graph
    first, second = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
    cuts_off = _cuts_off(domains, units)
    for order in _automorphisms(graph):
        if cuts_off and not _keeps(domains.servers, order[: graph.hosts]):
            continue
        image = _image_of_units(domains, units, order)
        first.append(np.flatnonzero(image >= 0))
        second.append(image[image >= 0])
    a, z = np.concatenate(first), np.concatenate(second)
    pairs = csr_array((np.ones(len(a), dtype=np.int8), (a, z)), shape=(units.count, units.count))
    return connected_components(pairs, directed=False)[1].astype(np.int64)


def _cuts_off(domains: FailureDomains, units: Units) -> bool:
    """Whether one unit can take the last link of an accelerator: then it matters who shares a server."""
    graph, edge = domains.graph, domains.members.edge[units.link]
    owner = np.repeat(np.arange(units.count), np.diff(units.start))
    ends = np.concatenate([graph.a[edge], graph.z[edge]])
    at_host = ends < graph.hosts
    pair = np.concatenate([owner, owner])[at_host] * graph.hosts + ends[at_host]
    taken, number = np.unique(pair, return_counts=True)
    every = np.concatenate([graph.a, graph.z])
    links = np.bincount(every, weights=np.concatenate([graph.count, graph.count]), minlength=graph.vertices)
    return bool((number >= links[taken % max(1, graph.hosts)]).any())


def _automorphisms(graph: FabricGraph) -> Iterator[Counts]:
    """Permutations of the vertices that keep every link, its rate included."""
    turned = _turned_twins(graph)
    if _is_automorphism(graph, turned):
        yield turned
    for shifted in _shifts(graph):
        order = _with_switches(graph, shifted)
        if order is not None and _is_automorphism(graph, order):
            yield order


def _shifts(graph: FabricGraph) -> Iterator[Counts]:
    """Accelerators shifted along each axis of full grids, and along each level of a hierarchy."""
    hosts = graph.hosts
    if graph.coordinates is None or graph.coordinates.shape[1] == 0 or hosts == 0:
        return
    places = graph.coordinates
    sides = places.max(axis=0) + 1
    if int(np.prod(sides.astype(float))) == hosts and graph.switches == 0:
        index = np.argsort(np.ravel_multi_index(tuple(places.T), tuple(sides.tolist())))
        for moved in _moved_places(places, sides.tolist()):
            yield index[np.ravel_multi_index(tuple(moved.T), tuple(sides.tolist()))]
        return
    # levels of a hierarchy, the finest first: groups of one level are turned within each group of the next
    numbers = np.arange(hosts, dtype=np.int64)
    levels = [numbers, *places.T, np.zeros(hosts, dtype=np.int64)]
    for inner, outer in itertools.pairwise(levels):
        sizes = np.bincount(outer)
        parts = len(np.unique(inner[outer == outer[0]]))
        if len(np.unique(sizes)) != 1 or sizes[0] % parts or (np.diff(outer) < 0).any():
            continue
        size = int(sizes[0])
        for step in (step for step in range(1, parts) if parts % step == 0):
            yield numbers // size * size + (numbers % size + step * (size // parts)) % size


def _moved_places(places: Counts, sides: list[int]) -> Iterator[Counts]:
    """Axes turned round, exchanged, shifted by every divisor of their sides (units may span several places)."""
    for axis, side in enumerate(sides):
        turned = places.copy()
        turned[:, axis] = side - 1 - turned[:, axis]
        yield turned
        for step in (step for step in range(1, side) if side % step == 0):
            moved = places.copy()
            moved[:, axis] = (moved[:, axis] + step) % side
            yield moved
    for axis in range(len(sides) - 1):
        if sides[axis] == sides[axis + 1]:
            moved = places.copy()
            moved[:, [axis, axis + 1]] = moved[:, [axis + 1, axis]]
            yield moved


def _with_switches(graph: FabricGraph, of_hosts: Counts) -> Counts | None:
    """Switches follow the accelerators: neighbors in the order of their numbers go to neighbors in that order."""
    order = np.full(graph.vertices, -1, dtype=np.int64)
    order[: graph.hosts] = of_hosts
    start, heads, _ = graph.arcs()
    frontier = np.arange(graph.hosts, dtype=np.int64)
    while len(frontier):
        degree = start[frontier + 1] - start[frontier]
        there = start[order[frontier] + 1] - start[order[frontier]]
        if (degree != there).any():
            return None
        offset = np.arange(int(degree.sum())) - np.repeat(np.cumsum(degree) - degree, degree)
        own = heads[np.repeat(start[frontier], degree) + offset]
        image = heads[np.repeat(start[order[frontier]], degree) + offset]
        is_new = order[own] < 0
        order[own[is_new]] = image[is_new]
        frontier = np.unique(own[is_new])
    order = np.where(order < 0, np.arange(graph.vertices), order)
    return order if len(np.unique(order)) == graph.vertices else None


def _is_automorphism(graph: FabricGraph, order: Counts) -> bool:
    moved = FabricGraph.from_arrays(
        vertices=graph.vertices,
        hosts=graph.hosts,
        a=order[graph.a],
        z=order[graph.z],
        count=graph.count,
        rate=graph.rate,
    )
    own = FabricGraph.from_arrays(
        vertices=graph.vertices, hosts=graph.hosts, a=graph.a, z=graph.z, count=graph.count, rate=graph.rate
    )
    same = (np.array_equal(getattr(moved, name), getattr(own, name)) for name in ("a", "z", "count", "rate"))
    return all(same)


def _keeps(group: Counts, order: Counts) -> bool:
    """Whether accelerators of one group stay in one group."""
    return _image_of_groups(group, group[order]) is not None


def _image_of_groups(group: Counts, image: Counts) -> Counts | None:
    """The group that each group becomes; ``None`` when one is torn apart or two are put together."""
    pairs = np.unique(np.column_stack([group, image]), axis=0)
    if len(np.unique(pairs[:, 0])) != len(pairs) or len(np.unique(pairs[:, 1])) != len(pairs):
        return None
    return pairs[:, 1]


def _image_of_units(domains: FailureDomains, units: Units, order: Counts) -> Counts:
    """The unit that each unit becomes, -1 where that is no unit.

    Links between two vertices are taken by their rank among all that join the same two, whatever their cable run.
    """
    graph, edge = domains.graph, domains.members.edge
    own = _ranked_keys(graph, graph.a[edge], graph.z[edge], graph.rate[edge])
    there = _ranked_keys(graph, order[graph.a[edge]], order[graph.z[edge]], graph.rate[edge])
    place = np.argsort(own, kind="stable")
    image = place[np.searchsorted(own, there, sorter=place)][units.link]
    bounds = list(itertools.pairwise(units.start.tolist()))
    known = {_key(units.link[begin:end]): unit for unit, (begin, end) in enumerate(bounds)}
    return np.array([known.get(_key(image[begin:end]), -1) for begin, end in bounds], dtype=np.int64)


def _key(links: Counts) -> bytes:
    return np.sort(links).tobytes()


def _ranked_keys(
    graph: FabricGraph, a: Counts, z: Counts, rate: np.ndarray[tuple[int], np.dtype[np.float64]]
) -> Counts:
    """One number for each link: its ends, its rate, and its rank among equal ones."""
    low, high = np.minimum(a, z), np.maximum(a, z)
    rates = np.unique(graph.rate, return_inverse=True)[1]
    by_rate = np.searchsorted(np.unique(graph.rate), rate) if len(rates) else np.zeros(0, dtype=np.int64)
    ends = (low * graph.vertices + high) * (int(by_rate.max(initial=0)) + 1) + by_rate
    order = np.argsort(ends, kind="stable")
    ordered = ends[order]
    first = np.concatenate([[0], np.flatnonzero(np.diff(ordered)) + 1]) if len(ordered) else order
    sizes = np.diff(np.append(first, len(ordered)))
    rank = np.empty(len(ends), dtype=np.int64)
    rank[order] = np.arange(len(ends)) - np.repeat(first, sizes)
    most = int(graph.count.sum()) + 1
    return ends * most + rank


def _turned_twins(graph: FabricGraph) -> Counts:
    """Every switch put in place of the next one with the same links to the same neighbors, the last of the first."""
    start, heads, edges = graph.arcs()
    alike: dict[bytes, list[int]] = {}
    for switch in range(graph.hosts, graph.vertices):
        arcs = slice(int(start[switch]), int(start[switch + 1]))
        key = heads[arcs].tobytes() + graph.count[edges[arcs]].tobytes() + graph.rate[edges[arcs]].tobytes()
        alike.setdefault(key, []).append(switch)
    order = np.arange(graph.vertices, dtype=np.int64)
    for twins in alike.values():
        order[twins] = np.roll(twins, -1)
    return order
