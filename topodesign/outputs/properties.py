"""Every property of the exported map layers: name, type, unit, whether it may be null, and what it means.

One table for the writers, the documentation and the tests. Columns of the input that the program does not know are
carried on beside these, under their own names (with ``input_`` in front where a name is taken).
"""

from dataclasses import dataclass
from typing import Literal

Layer = Literal[
    "power_zones", "fiber_segments", "links", "amplifiers", "amplifier_sites", "regenerators", "sites", "clusters"
]
Kind = Literal["string", "integer", "number", "boolean"]

LAYERS: tuple[Layer, ...] = (
    "power_zones",
    "fiber_segments",
    "links",
    "amplifiers",
    "amplifier_sites",
    "regenerators",
    "sites",
    "clusters",
)
"""In drawing order, the lowest first."""

LAYER_MEANING: dict[Layer, str] = {
    "power_zones": "parts of the grid that share one headroom (polygons)",
    "fiber_segments": "fiber that the plan lights (lines)",
    "links": "logical links between clusters, drawn as geodesics (lines)",
    "amplifiers": "in-line amplifier places of lit fiber, evenly spaced along the drawn line (points)",
    "amplifier_sites": "huts of in-line amplifiers, shared by the fiber of a conduit (points)",
    "regenerators": "hubs and junctions where lightpaths are regenerated (points)",
    "sites": "all candidate sites, used or not (points)",
    "clusters": "the sites that the plan uses (points)",
}


@dataclass(frozen=True, slots=True)
class Property:
    """One property of one layer; ``unit`` is empty for names, counts and plain flags."""

    layer: Layer
    name: str
    kind: Kind
    unit: str
    nullable: bool
    meaning: str


_ROWS: dict[Layer, tuple[tuple[str, Kind, str, bool, str], ...]] = {
    "power_zones": (
        ("zone_id", "string", "", False, "id of the zone in the scenario"),
        ("name", "string", "", False, "name, else the id"),
        ("utility", "string", "", True, "utility that serves the zone"),
        ("headroom_mw", "number", "MW", False, "power that the zone can still give"),
        ("used_mw", "number", "MW", False, "power that the plan draws in the zone, transceivers and PUE included"),
        ("free_mw", "number", "MW", False, "headroom less use"),
        ("used_share", "number", "1", True, "use over headroom; null where the headroom is 0"),
        ("clusters", "integer", "", False, "used sites in the zone"),
        ("accelerators", "integer", "", False, "accelerators that the plan places in the zone"),
        ("energy_usd_per_mwh", "number", "USD/MWh", False, "price of energy"),
        ("carbon_g_per_kwh", "number", "g/kWh", False, "carbon intensity"),
        ("availability", "number", "1", False, "probability that the zone is up"),
        ("curtailed_hours_per_year", "number", "h/year", False, "hours of a year in which the zone takes load off"),
        ("firm_share", "number", "1", False, "share of the load that runs on in those hours"),
    ),
    "fiber_segments": (
        ("segment_id", "string", "", False, "id of the segment in the scenario"),
        ("a", "string", "", False, "site or junction at one end"),
        ("b", "string", "", False, "site or junction at the other end"),
        ("length_km", "number", "km", False, "fiber length, never measured from the drawing"),
        ("pairs", "integer", "", False, "fiber pairs in use"),
        ("new_pairs", "integer", "", False, "of these, pairs that were not lit before"),
        ("most_pairs", "integer", "", False, "pairs that can be in use, new build included"),
        ("built", "boolean", "", False, "whether new fiber is built"),
        ("spans", "integer", "", False, "amplified spans of equal length"),
        ("amplifiers", "integer", "", False, "in-line amplifiers of all pairs"),
        ("utilization", "number", "1", False, "spectrum in use over the spectrum of the pairs in use"),
        ("lightpaths", "integer", "", False, "lightpaths that pass"),
        ("capacity_gbps", "number", "Gbit/s", False, "sum of their rates, one direction"),
        ("fiber_type", "string", "", False, "catalogue id of the fiber"),
        ("conduits", "string", "", False, "shared-risk groups, joined by ;"),
        ("drawn_as", "string", "", False, "route: along the given geometry; geodesic: none was given"),
    ),
    "links": (
        ("a", "string", "", False, "site at one end"),
        ("z", "string", "", False, "site at the other end"),
        ("mode", "string", "", False, "catalogue id of the transceiver mode"),
        ("lightpaths", "integer", "", False, "parallel lightpaths over all routes"),
        ("capacity_gbps", "number", "Gbit/s", False, "sum of their rates, one direction"),
        ("routes", "integer", "", False, "different fiber routes"),
        ("length_km", "number", "km", False, "fiber length of the longest route"),
        ("geodesic_km", "number", "km", False, "distance between the sites"),
        ("latency_ms", "number", "ms", True, "one way over the longest route, transceivers included"),
        ("gsnr_db", "number", "dB", True, "least GSNR of its lightpaths in 0.1 nm, transmitter included"),
        ("margin_db", "number", "dB", True, "least margin above what the mode needs"),
        ("spectrum_ghz", "number", "GHz", True, "spectrum of all its channels"),
        (
            "pairs",
            "integer",
            "",
            True,
            "fiber pairs that its channels run on where they leave a; other links may share them",
        ),
        (
            "amplifiers",
            "integer",
            "",
            True,
            "in-line amplifiers on all the pairs that its channels run on; other links may share them",
        ),
        ("segment_ids", "string", "", False, "fiber segments that its lightpaths use, joined by ;"),
        ("drawn_as", "string", "", False, "geodesic: the route is that of its segments"),
    ),
    "amplifiers": (
        ("segment_id", "string", "", False, "segment that is amplified"),
        ("position", "integer", "", False, "number of the place along the segment, from end a, starting at 1"),
        ("from_a_km", "number", "km", False, "fiber length from end a"),
        ("amplifiers", "integer", "", False, "amplifiers at this place, one per pair in use"),
        ("amplifier_site", "string", "", False, "hut that it stands in"),
        ("drawn_as", "string", "", False, "route: on the given geometry; geodesic: none was given, an estimate"),
    ),
    "amplifier_sites": (
        ("hut_id", "string", "", False, "id of the hut: that of its first amplifier place"),
        ("conduits", "string", "", False, "conduits of its segments, joined by ;"),
        ("segment_ids", "string", "", False, "segments that are amplified in it, joined by ;"),
        ("pairs", "integer", "", False, "fiber pairs that are amplified in it"),
        ("amplifiers", "integer", "", False, "in-line amplifiers in it, one per pair"),
        ("amplifier_power_w", "number", "W", False, "rated draw of its amplifiers"),
        ("feed_power_w", "number", "W", False, "power to be fed in: the amplifiers' times the PUE of a hut"),
        ("apart_km", "number", "km", False, "distance of the farthest of its amplifier places; 0 where none is shared"),
        ("drawn_as", "string", "", False, "route: on the given geometry; geodesic: none was given, an estimate"),
    ),
    "regenerators": (
        ("node_id", "string", "", False, "hub or junction"),
        ("name", "string", "", False, "name, else the id"),
        ("node_kind", "string", "", False, "hub or junction"),
        ("lightpaths", "integer", "", False, "lightpaths regenerated there"),
        ("transceivers", "integer", "", False, "transceivers there, two for each lightpath"),
    ),
    "sites": (
        ("site_id", "string", "", False, "id of the site in the scenario"),
        ("name", "string", "", False, "name, else the id"),
        ("zone_id", "string", "", False, "power zone"),
        ("role", "string", "", False, "compute or hub"),
        ("used", "boolean", "", False, "whether the plan places a cluster here"),
        ("power_mw", "number", "MW", False, "power at the meter on offer"),
        ("used_mw", "number", "MW", False, "power that the plan draws, transceivers and PUE included"),
        ("pue", "number", "1", False, "power usage effectiveness"),
        ("pods", "integer", "", False, "pods that the plan places"),
        ("min_pods", "integer", "", False, "least pods if used"),
        ("max_pods", "integer", "", True, "most pods; null: power decides"),
        ("fixed_capex_usd", "number", "USD", False, "cost of using the site"),
        ("capex_usd_per_mw", "number", "USD/MW", False, "cost of building for one MW"),
        ("required", "boolean", "", False, "whether the scenario demands its use"),
        ("forbidden", "boolean", "", False, "whether the scenario rules it out"),
        ("in_service_year", "integer", "", True, "first year of service"),
    ),
    "clusters": (
        ("site_id", "string", "", False, "site of the cluster"),
        ("name", "string", "", False, "name of the site, else its id"),
        ("zone_id", "string", "", False, "power zone"),
        ("pods", "integer", "", False, "pods"),
        ("accelerators", "integer", "", False, "accelerators"),
        ("power_mw", "number", "MW", False, "power at the meter, transceivers and PUE included"),
        ("power_share", "number", "1", True, "of the site's power; null where that is 0"),
        ("links", "integer", "", False, "other clusters that it has a link to"),
        ("link_gbps", "number", "Gbit/s", False, "capacity of its links to other clusters, one direction"),
        ("fabric", "string", "", False, "fabric inside the site, as asked for"),
    ),
}

_OF_EVERY_LAYER: tuple[tuple[str, Kind, str, bool, str], ...] = (
    ("layer", "string", "", False, "name of the layer"),
    ("numeric_id", "integer", "", False, "number of the feature in the file, from 1"),
)

PROPERTIES: tuple[Property, ...] = tuple(
    Property(layer, *row) for layer in LAYERS for row in (*_OF_EVERY_LAYER, *_ROWS[layer])
)


def properties_of(layer: Layer) -> tuple[Property, ...]:
    """The properties of one layer in the order in which they are written."""
    return tuple(item for item in PROPERTIES if item.layer == layer)
