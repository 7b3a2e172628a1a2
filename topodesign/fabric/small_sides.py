"""A graph made small for enumeration, and the order in which its vertices are put on a side.

Accelerators whose links all lead to switches need no side before these have one: so many of a class of twins inside cut
so much. Switches with the same links to the same neighbors are one: for any sides of the others, the best side of one
is the best of all of them. What two such steps leave is smaller and has the same bisection width.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from topodesign.fabric.graph import FabricGraph
from topodesign.fabric.quotient import Quotient, quotient_of

MOST_VERTICES = 5_000
"""Larger graphs are not looked at."""
MOST_SIDED = 400
"""Vertices that may be left: looking for their order takes longer than any search above it."""
NONE = -1
STARTS = 6
"""Vertices from which an order is tried."""

Links = dict[int, dict[int, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class SidedGraph:
    """What is left: vertices to put on a side, and classes of accelerators that hang on them.

    Attributes
    ----------
    accelerators : dict of int to int
        Every vertex, with its accelerators: 1 or 0.
    links : dict of int to dict of int to float
        Capacities between them, both ways.
    classes : dict of int to dict of int to float
        Links of one accelerator of every class, by vertex.
    weight : dict of int to int
        Accelerators of every class.
    alone : tuple of int
        Accelerators without a link.
    """

    accelerators: dict[int, int]
    links: Links
    classes: Links
    weight: dict[int, int]
    alone: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One vertex gets a side.

    ``waiting`` vertices have one and wait for neighbors; their sides are bits of a number, the earliest the lowest. The
    new one is the highest of ``order``. ``neighbors`` are places and capacities of those that it is linked to,
    ``to_fixed`` the capacity to the vertex that stays outside. ``classes`` hang on vertices of ``order`` (and that one)
    only and are counted now, and the places ``closed`` wait no longer, the highest first.
    """

    accelerators: int
    waiting: int
    order: tuple[int, ...]
    neighbors: tuple[tuple[int, float], ...]
    to_fixed: float
    classes: tuple[int, ...]
    closed: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """``fixed`` stays outside, by symmetry (-1: there is no vertex); ``classes`` hang on it alone; then the steps."""

    fixed: int
    classes: tuple[int, ...]
    steps: tuple[Step, ...]


def sided(graph: FabricGraph) -> SidedGraph:
    """The graph with twins put together until none are left."""
    reduced = quotient_of(graph)
    links, classes, weight = _apart(reduced)
    merged = True
    while merged:
        merged = _merge_switches(links, classes, reduced.graph.hosts) or _merge_classes(classes, weight)
    hosts = reduced.graph.hosts
    return SidedGraph(
        accelerators={vertex: int(vertex < hosts) for vertex in links},
        links=links,
        classes={one: found for one, found in classes.items() if found},
        weight=weight,
        alone=tuple(weight[one] for one, found in classes.items() if not found),
    )


def _apart(reduced: Quotient) -> tuple[Links, Links, dict[int, int]]:
    """Links between vertices with a side; links of one accelerator of each class, and how many it has."""
    graph = reduced.graph
    joined = {*graph.a[graph.z < graph.hosts].tolist(), *graph.z[graph.z < graph.hosts].tolist()}
    weight = {one: number for one, number in enumerate(reduced.weight.tolist()) if one not in joined}
    classes: Links = {one: {} for one in weight}
    links: Links = {vertex: {} for vertex in (*sorted(joined), *range(graph.hosts, graph.vertices))}
    for a, z, capacity in zip(graph.a.tolist(), graph.z.tolist(), graph.capacity.tolist(), strict=True):
        if a in weight:
            classes[a][z] = classes[a].get(z, 0.0) + capacity / weight[a]
        else:
            links[a][z] = links[z][a] = links[a].get(z, 0.0) + capacity
    return links, classes, weight


def _merge_switches(links: Links, classes: Links, hosts: int) -> bool:
    """Switches with equal links become one with the links of all; whether there were any."""
    hanging: Links = {vertex: {} for vertex in links}
    for one, found in classes.items():
        for vertex, capacity in found.items():
            hanging[vertex][one] = capacity
    alike: dict[tuple[frozenset[tuple[int, float]], ...], list[int]] = {}
    for vertex in links:
        if vertex >= hosts:
            key = (frozenset(links[vertex].items()), frozenset(hanging[vertex].items()))
            alike.setdefault(key, []).append(vertex)
    for first, *others in alike.values():
        for other in others:
            for end, capacity in links.pop(other).items():
                del links[end][other]
                links[end][first] += capacity
                links[first][end] += capacity
            for one, capacity in hanging[other].items():
                del classes[one][other]
                classes[one][first] += capacity
    return any(len(members) > 1 for members in alike.values())


def _merge_classes(classes: Links, weight: dict[int, int]) -> bool:
    """Classes with equal links become one; whether there were any."""
    alike: dict[frozenset[tuple[int, float]], list[int]] = {}
    for one, found in classes.items():
        alike.setdefault(frozenset(found.items()), []).append(one)
    for first, *others in alike.values():
        for other in others:
            weight[first] += weight.pop(other)
            del classes[other]
    return any(len(members) > 1 for members in alike.values())


def planned(small: SidedGraph, *, most_entries: int) -> Plan | None:
    """The steps in an order in which few vertices wait at once; ``None`` when their sides exceed ``most_entries``.

    The vertex with the most neighbors stays outside: the other half of the placements are mirror images.
    """
    if len(small.links) > MOST_SIDED:
        return None
    near = _near(small)
    fixed = max(near, key=lambda vertex: (len(near[vertex]), -vertex), default=NONE)
    near.pop(fixed, None)
    for found in near.values():
        found.discard(fixed)
    most_waiting = most_entries.bit_length() - 1
    best: list[int] | None = None if near else []
    for start in _starts(near):
        found_order = _order(near, start, most_waiting)
        if found_order is not None:
            best, width = found_order
            most_waiting = width - 1
    if best is None:
        return None
    at_once = tuple(one for one, found in small.classes.items() if found.keys() == {fixed})
    return Plan(fixed=fixed, classes=at_once, steps=tuple(_steps(small, near, best, fixed)))


def _near(small: SidedGraph) -> dict[int, set[int]]:
    """Vertices that must wait for each other: linked ones, and those that a class hangs on."""
    near = {vertex: set(found) for vertex, found in small.links.items()}
    for found in small.classes.values():
        for vertex in found:
            near[vertex] |= found.keys() - {vertex}
    return near


def _starts(near: dict[int, set[int]]) -> Iterable[int]:
    ordered = sorted(near, key=lambda vertex: (len(near[vertex]), vertex))
    return ordered[:: max(1, -(-len(ordered) // STARTS))]


def _order(near: dict[int, set[int]], start: int, most_waiting: int) -> tuple[list[int], int] | None:
    """An order, the next vertex always one that leaves the fewest waiting, and how many wait at most beside a new one.

    ``None`` when more than ``most_waiting`` would.
    """
    left = {vertex: len(found) for vertex, found in near.items()}
    waiting: set[int] = set()
    beside: set[int] = set()  # unplaced neighbors of those that wait
    todo = set(near)
    order: list[int] = []
    width, following = 0, start
    while True:
        width = max(width, len(waiting) + 1)
        if width > most_waiting:
            return None
        order.append(following)
        todo.discard(following)
        beside.discard(following)
        beside |= near[following] & todo
        for other in near[following]:
            left[other] -= 1
        waiting = {vertex for vertex in (*waiting, following) if left[vertex]}
        if not todo:
            return order, width
        following = min(beside or todo, key=lambda vertex: _added(near, left, waiting, vertex))


def _added(near: dict[int, set[int]], left: dict[int, int], waiting: set[int], vertex: int) -> tuple[int, int, int]:
    """How many more wait after this vertex; then its neighbors to come, then its number."""
    ended = sum(1 for other in near[vertex] if left[other] == 1 and other in waiting)
    return (1 if left[vertex] else 0) - ended, left[vertex], vertex


def _steps(small: SidedGraph, near: dict[int, set[int]], order: list[int], fixed: int) -> Iterable[Step]:
    left = {vertex: len(found) for vertex, found in near.items()}
    number = {vertex: place for place, vertex in enumerate(order)}
    complete: dict[int, list[int]] = {}
    for one, found in small.classes.items():
        if found.keys() != {fixed}:
            complete.setdefault(max(found.keys() - {fixed}, key=number.__getitem__), []).append(one)
    waiting: list[int] = []
    for vertex in order:
        for other in near[vertex]:
            left[other] -= 1
        links = small.links[vertex]
        neighbors = tuple((place, links[other]) for place, other in enumerate(waiting) if other in links)
        opened = [*waiting, vertex]
        closed = [place for place, other in enumerate(opened) if left[other] == 0]
        yield Step(
            accelerators=small.accelerators[vertex],
            waiting=len(waiting),
            order=tuple(opened),
            neighbors=neighbors,
            to_fixed=links.get(fixed, 0.0),
            classes=tuple(complete.get(vertex, ())),
            closed=tuple(reversed(closed)),
        )
        waiting = [other for other in opened if left[other]]
