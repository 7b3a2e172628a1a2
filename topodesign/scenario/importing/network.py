"""The drafts of all sources as one network: nodes with ids of their own, segments between them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from topodesign.domain.scenario import Position
from topodesign.scenario import fiber, junctions, sites
from topodesign.scenario.importing.draft import Draft, Origin, Place, Route
from topodesign.scenario.importing.lines import join_lines
from topodesign.scenario.importing.naming import Names
from topodesign.scenario.importing.options import ImportOptions
from topodesign.scenario.importing.snapping import nearest_places
from topodesign.scenario.importing.typed import typed
from topodesign.scenario.importing.words import counted, listed
from topodesign.scenario.problems import ProblemLog

IDS = ("site_id", "node_id")
"""Columns with the id of a place, whichever of the two it becomes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A feature of a file to be written, and where it is from; a junction that ends of lines made is from the first."""

    origin: Origin
    values: Mapping[str, object]
    line: tuple[Position, ...]


@dataclass(slots=True, kw_only=True)
class Network:
    """What is written, and what was decided on the way; demands are in Gbit/s by ids of sites."""

    sites: list[Item] = field(default_factory=list)
    junctions: list[Item] = field(default_factory=list)
    segments: list[Item] = field(default_factory=list)
    demands: dict[tuple[str, str], tuple[Origin, float]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """Nodes that the folder has already, by id; ends of lines and places of the sources are joined to them."""

    sites: Mapping[str, Position] = field(default_factory=dict)
    junctions: Mapping[str, Position] = field(default_factory=dict)


def assembled(
    drafts: Sequence[Draft], folder: Folder, options: ImportOptions, log: ProblemLog, *, always_sites: bool
) -> Network:
    """One network of all drafts. ``always_sites``: the sources are lists of sites, whatever the folder has."""
    return _Assembly(drafts, folder, options, log, always_sites=always_sites).network()


class _Assembly:
    def __init__(
        self, drafts: Sequence[Draft], folder: Folder, options: ImportOptions, log: ProblemLog, *, always_sites: bool
    ) -> None:
        self._drafts = drafts
        self._folder = folder
        self._options = options
        self._log = log
        wanted = options.nodes or ("junctions" if folder.sites else "sites")
        self._makes_sites = always_sites or wanted == "sites"
        self._names = Names((*folder.sites, *folder.junctions))
        self._positions: dict[str, Position] = {**folder.sites, **folder.junctions}
        self._node_of: list[dict[str, str]] = []  # by draft: key of a place to its id
        self._network = Network()

    def network(self) -> Network:
        for draft in self._drafts:
            self._network.notes += draft.notes
            self._add_places(draft)
        self._add_lines()
        self._add_demands()
        if self._names.renamed:
            self._note(f"ids made of names that could not stay as they are: {listed(self._names.renamed)}")
        return self._network

    def _note(self, sentence: str) -> None:
        self._network.notes.append(sentence)

    def _add_places(self, draft: Draft) -> None:
        node_of: dict[str, str] = {}
        self._node_of.append(node_of)
        placed = [place for place in draft.places if place.position is not None]
        unplaced = [place.name or place.key for place in draft.places if place.position is None]
        if unplaced:
            self._note(f"{counted(len(unplaced), 'node')} without position left out: {listed(unplaced)}")
        positions = [place.position for place in placed if place.position is not None]
        there = {} if self._makes_sites else {**self._folder.sites, **self._folder.junctions}
        nearest = nearest_places(positions, there)
        joined = []
        for place, (node, distance_m) in zip(placed, nearest, strict=True):
            if distance_m <= self._options.tolerance_m:
                node_of[place.key] = node
                joined.append(f"{place.name or place.key} = {node}")
            else:
                node_of[place.key] = self._add_place(place)
        if joined:
            self._note(f"{counted(len(joined), 'point')} taken for what the folder has there: {listed(joined)}")

    def _add_place(self, place: Place) -> str:
        column, columns = ("site_id", sites.COLUMNS) if self._makes_sites else ("node_id", junctions.COLUMNS)
        stated = next((place.values[name] for name in IDS if name in place.values), None)
        readable = place.key if place.key and not place.key.isdigit() else place.name or place.key
        node_id = self._names.reserve(str(stated)) if stated is not None else self._names.give(readable)
        thing = f"site {node_id!r}" if self._makes_sites else f"junction {node_id!r}"
        values: dict[str, object] = {column: node_id}
        if place.name and place.name != node_id:
            values["name"] = place.name
        values |= typed(
            {name: value for name, value in place.values.items() if name not in (*IDS, "name")},
            columns,
            place.origin,
            thing,
            self._log,
        )
        assert place.position is not None
        self._positions[node_id] = place.position
        target = self._network.sites if self._makes_sites else self._network.junctions
        target.append(Item(origin=place.origin, values=values, line=(place.position,)))
        return node_id

    def _add_lines(self) -> None:
        routes = [
            (route, node_of)
            for draft, node_of in zip(self._drafts, self._node_of, strict=True)
            for route in draft.routes
        ]
        options = self._options
        joined = join_lines(routes, self._positions, tolerance_m=options.tolerance_m, cuts=options.cut)
        for node_id, (origin, position) in joined.junctions.items():
            self._network.junctions.append(Item(origin=origin, values={"node_id": node_id}, line=(position,)))
        self._network.notes += joined.notes
        names = Names()
        for item in joined.lines:
            self._add_segment(item.route, item.a, item.b, names)
        if names.renamed:
            self._note(f"segment ids made of names that could not stay as they are: {listed(names.renamed)}")
        without = sum(1 for item in self._network.segments if "length_km" not in item.values)
        if without:
            self._note(f"length_km: of no source for {counted(without, 'segment')}, so it follows from the geometry")

    def _add_segment(self, route: Route, a: str, b: str, names: Names) -> None:
        stated = route.values.get("segment_id")
        own = route.name or "--".join(sorted((a, b)))
        segment_id = names.reserve(str(stated)) if stated is not None else names.give(own)
        values: dict[str, object] = {"segment_id": segment_id, "a": a, "b": b}
        others = {
            f"{name}_of_source" if name in ("a", "b") else name: value
            for name, value in route.values.items()
            if name != "segment_id"
        }
        values |= typed(others, fiber.COLUMNS, route.origin, f"segment {segment_id!r}", self._log)
        self._network.segments.append(Item(origin=route.origin, values=values, line=route.line))

    def _add_demands(self) -> None:
        demands = list(self._demands())
        if not demands:
            return
        site_ids = {str(item.values["site_id"]) for item in self._network.sites} | set(self._folder.sites)
        factor = self._options.gbps_per_unit
        if factor is None:
            remedy = "say with --demand-gbps-per-unit how many Gbit/s a unit is"
            self._note(f"{counted(len(demands), 'demand')} left out; {remedy}")
            return
        left_out = 0
        for origin, a, b, amount in demands:
            if a not in site_ids or b not in site_ids or a == b:
                left_out += 1
                continue
            first, gbps = self._network.demands.get((a, b), (origin, 0.0))
            self._network.demands[(a, b)] = (first, gbps + amount * factor)
        if left_out:
            self._note(f"{counted(left_out, 'demand')} left out whose ends are not two sites")

    def _demands(self) -> Iterator[tuple[Origin, str, str, float]]:
        for draft, node_of in zip(self._drafts, self._node_of, strict=True):
            for item in draft.demands:
                yield item.origin, node_of.get(item.a, ""), node_of.get(item.b, ""), item.amount
