"""The parts of a plan that fail, how likely each is down, and which of them every lightpath needs.

Long-run unavailability of a part that fails every MTBF hours and is then down for MTTR hours: MTTR / (MTBF + MTTR).
"""

import math
from collections.abc import Mapping
from functools import cached_property

from topodesign.domain.durations import HOURS_PER_YEAR
from topodesign.domain.equipment import Reliability
from topodesign.domain.plan import Lightpath, Plan, SegmentPlan
from topodesign.domain.scenario import Scenario
from topodesign.evaluation.connectivity import Join, Part


class FailingParts:
    """Conduits, the line equipment of segments, and the transceivers of lightpaths.

    Parts are ``("conduit", id)``, and of equipment:

    * where the plan says on which fiber pairs an entry's lightpaths run, two of them stand for it (the first and the
      last channel): ``("pair", "segment;number")`` is up when terminals and amplifiers of that pair are, ``("ends",
      "entry.channel")`` when the transceivers of that lightpath are. Others may be up too: it is a lower bound;
    * where it does not, ``("line", segment)`` is up when the terminals and amplifiers of *all* pairs in use are, and
      ``("ends", "entry")`` when the transceivers of *one* lightpath of the entry are.
    """

    def __init__(self, scenario: Scenario, plan: Plan, figures: Reliability) -> None:
        self._scenario = scenario
        self._figures = figures
        self._lit: Mapping[str, SegmentPlan] = {lit.segment_id: lit for lit in plan.segments}
        self._numbers = {site.id: place for place, site in enumerate(plan.sites)}
        self._paths = tuple(path for path in plan.lightpaths if path.count)

    @cached_property
    def conduit_km(self) -> Mapping[str, float]:
        """Length on which each conduit can be cut: of its longest segment that carries light. Sorted by id."""
        longest: dict[str, float] = {}
        for segment_id in {segment_id for path in self._paths for segment_id in path.segments}:
            segment = self._scenario.segment_by_id[segment_id]
            for conduit in segment.conduits:
                longest[conduit] = max(longest.get(conduit, 0.0), segment.length_km)
        return dict(sorted(longest.items()))

    @cached_property
    def down(self) -> Mapping[Part, float]:
        """Unavailability of every part."""
        figures = self._figures
        found: dict[Part, float] = {}
        for conduit, length_km in self.conduit_km.items():
            cuts_per_year = figures.cuts_per_1000km_year * length_km / 1000
            down_per_up = cuts_per_year * figures.cut_repair_h / HOURS_PER_YEAR
            found["conduit", conduit] = down_per_up / (1 + down_per_up)
        for number, path in enumerate(self._paths):
            for channel in self._channels(number):
                found.update({part: self._down(part, path) for part in channel})
        return found

    def _down(self, part: Part, path: Lightpath) -> float:
        """Unavailability of equipment of an entry."""
        kind, name = part
        if kind == "ends":
            down = 1 - self._ends_up(path)
            return down if path.spectrum else down**path.count
        if kind == "pair":
            return 1 - self._line_up(name.rpartition(";")[0])
        return 1 - self._line_up(name) ** max(1, self._lit[name].pairs)

    def _channels(self, number: int) -> tuple[frozenset[Part], ...]:
        """Equipment of the lightpaths that stand for an entry; each of them joins its ends by itself."""
        path = self._paths[number]
        if not path.spectrum:
            return (frozenset({("ends", str(number)), *(("line", segment_id) for segment_id in path.segments)}),)
        first = tuple(runs[0] for runs in self._runs(path))
        last = tuple(runs[-1] for runs in self._runs(path))
        chosen = (first,) if path.count == 1 else (first, last)
        return tuple(
            frozenset({("ends", f"{number}.{channel}"), *(("pair", f"{e};{pair}") for run in runs for e, pair in run)})
            for channel, runs in enumerate(chosen)
        )

    def _runs(self, path: Lightpath) -> list[list[tuple[tuple[str, int], ...]]]:
        """For each transparent stretch the (segment, pair) of every run of channels on it, in order."""
        found: list[list[tuple[tuple[str, int], ...]]] = []
        for stretch, segments in enumerate(self._stretches(path)):
            runs = [run for run in path.spectrum if run.stretch == stretch]
            found.append([tuple(zip(segments, run.pairs, strict=True)) for run in runs])
        return found

    def _stretches(self, path: Lightpath) -> list[list[str]]:
        """Segments between regenerations, in order from ``a``."""
        stops, node = set(path.regenerations), path.a
        pieces: list[list[str]] = [[]]
        for segment_id in path.segments:
            segment = self._scenario.segment_by_id[segment_id]
            node = segment.b if node == segment.a else segment.a
            pieces[-1].append(segment_id)
            if node in stops:
                pieces.append([])
        return pieces

    def conduits_up(self, path: Lightpath) -> float:
        """Availability of the conduits of a lightpath, in series; of one that is not lit, 1."""
        return math.prod(1 - self.down.get(("conduit", item), 0.0) for item in sorted(self._conduits_of(path)))

    def equipment_up(self, path: Lightpath) -> float:
        """Availability of all equipment of one lightpath, in series."""
        return self._ends_up(path) * math.prod(self._line_up(segment_id) for segment_id in path.segments)

    def joins(self, *, with_equipment: bool) -> tuple[Join, ...]:
        """The lightpaths in use, each entry of the plan once; those with the same ends and parts only once."""
        found: dict[tuple[tuple[int, int], frozenset[Part]], None] = {}
        for number, path in enumerate(self._paths):
            conduits: frozenset[Part] = frozenset(("conduit", conduit) for conduit in self._conduits_of(path))
            a, z = sorted((self._numbers[path.a], self._numbers[path.z]))
            for channel in self._channels(number) if with_equipment else (frozenset[Part](),):
                found[(a, z), conduits | channel] = None
        return tuple(Join(ends=ends, parts=parts) for ends, parts in found)

    def _conduits_of(self, path: Lightpath) -> frozenset[str]:
        return frozenset(conduit for item in path.segments for conduit in self._scenario.segment_by_id[item].conduits)

    def _ends_up(self, path: Lightpath) -> float:
        """Two transceivers, and two more wherever the light is regenerated."""
        figures = self._figures
        return _up(figures.transceiver_mtbf_h, figures.transceiver_repair_h) ** (2 + 2 * len(path.regenerations))

    def _line_up(self, segment_id: str) -> float:
        """The terminals at both ends and the amplifiers between spans, of one fiber pair."""
        figures, lit = self._figures, self._lit[segment_id]
        terminal = _up(figures.terminal_mtbf_h, figures.terminal_repair_h)
        amplifier = _up(figures.amplifier_mtbf_h, figures.amplifier_repair_h)
        return terminal**2 * amplifier ** (lit.spans - 1)


def _up(mtbf_h: float, repair_h: float) -> float:
    return mtbf_h / (mtbf_h + repair_h)
