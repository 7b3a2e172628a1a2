"""Two plans on one map: sites, fiber and links that only plan A has, only plan B, or both.

A is the plan that the report is about, B the one that it is compared with.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from topodesign.domain.errors import InvalidInput
from topodesign.domain.plan import Plan
from topodesign.domain.scenario import Scenario
from topodesign.outputs.features import Feature, features_by_layer
from topodesign.outputs.properties import Layer

Side = Literal["a", "b", "both"]

SIDE_WORDS: Mapping[Side, str] = {"a": "only plan A", "b": "only plan B", "both": "both plans"}

_FIGURES: Mapping[Layer, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    "clusters": (("site_id",), ("site_id", "name"), ("pods", "power_mw")),
    "fiber_segments": (("segment_id",), ("segment_id", "length_km"), ("pairs", "capacity_gbps")),
    "links": (("a", "z", "mode"), ("a", "z", "mode"), ("lightpaths", "capacity_gbps")),
}
"""By layer: what makes two features the same thing, what describes it, and the figures that the plans differ in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedCounts:
    """How many things of a layer only A has, only B has, and both have."""

    a: int
    b: int
    both: int


@dataclass(frozen=True)
class MapComparison:
    """Features of either plan by layer, with ``side`` and the figures of both (``pods_a``, ``pods_b``, ...)."""

    layers: Mapping[str, Sequence[Feature]]

    def counts(self, layer: str) -> ComparedCounts:
        sides = [feature["properties"]["side"] for feature in self.layers[layer]]
        return ComparedCounts(a=sides.count("a"), b=sides.count("b"), both=sides.count("both"))


def compare_on_map(
    scenario: Scenario,
    exported: Mapping[Layer, Sequence[Feature]],
    other: Plan,
    for_screen: Callable[[Layer, Feature], Feature],
) -> MapComparison:
    """Match the exported features of plan A with those of plan B, by their ids.

    Parameters
    ----------
    scenario : Scenario
        It must have every site and segment of both plans: :func:`require_known`.
    exported : mapping of layer to features
        Plan A, by :func:`~topodesign.outputs.features.features_by_layer`.
    other : Plan
        Plan B.
    for_screen : callable
        Brings a feature into the view of the map.
    """
    against = features_by_layer(scenario, other)
    layers = {f"compared_{layer}": _matched(layer, exported[layer], against[layer], for_screen) for layer in _FIGURES}
    return MapComparison(layers=layers)


def require_known(scenario: Scenario, plan: Plan, *, name: str) -> None:
    """Refuse a plan that cannot be drawn over the scenario: one that uses sites or segments that it does not have."""
    wanted = [("site", site.id, site.id in scenario.site_by_id) for site in plan.sites]
    wanted += [("segment", lit.segment_id, lit.segment_id in scenario.segment_by_id) for lit in plan.segments]
    for kind, item, is_known in wanted:
        if not is_known:
            raise InvalidInput(
                f"plan {name} uses {kind} {item!r}, which scenario {scenario.name!r} does not have; give a scenario "
                "that has the sites and segments of both plans",
                reason="REFERENCE_UNKNOWN",
                metadata={"id": item},
            )


def _matched(
    layer: Layer, ours: Sequence[Feature], theirs: Sequence[Feature], for_screen: Callable[[Layer, Feature], Feature]
) -> list[Feature]:
    keys, described, figures = _FIGURES[layer]
    of_a, of_b = ({_key(feature, keys): feature for feature in side} for side in (ours, theirs))
    found = []
    for number, key in enumerate(sorted(of_a.keys() | of_b.keys()), start=1):
        a, b = of_a.get(key), of_b.get(key)
        shown = a or b
        assert shown is not None  # the key is of one of them
        side: Side = "both" if a and b else "a" if a else "b"
        properties = {"numeric_id": number, "side": side, "side_words": SIDE_WORDS[side]}
        properties |= {name: shown["properties"][name] for name in described}
        for name in figures:
            properties[f"{name}_a"] = a["properties"][name] if a else 0
            properties[f"{name}_b"] = b["properties"][name] if b else 0
        drawn = for_screen(layer, shown)
        found.append({"type": "Feature", "geometry": drawn["geometry"], "properties": properties})
    return found


def _key(feature: Feature, names: Sequence[str]) -> tuple[str, ...]:
    """The id, the same whichever end a link is told from."""
    values = [str(feature["properties"][name]) for name in names]
    return (*sorted(values[:2]), *values[2:]) if len(values) > 1 else (values[0],)
