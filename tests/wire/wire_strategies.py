"""Hypothesis strategies for every domain object, drawn from the type hints of its fields."""

import types
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from itertools import permutations
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from hypothesis import strategies as st
from wire.fabric_strategies import ASKED, FABRICS

from topodesign.catalog import load_catalog
from topodesign.catalog.training_models import training_models
from topodesign.domain.equipment import KIND_OF, TransceiverMode
from topodesign.domain.fabric import Clos, Torus
from topodesign.domain.goodput import JobSite
from topodesign.domain.goodput_request import GoodputRequest
from topodesign.domain.link import LinkRequest
from topodesign.domain.scenario import (
    FiberSegment,
    Junction,
    LitLightpath,
    MeasuredReach,
    OpticsRules,
    Policy,
    PowerZone,
    Scenario,
    Site,
    Size,
    Traffic,
    Workload,
)
from topodesign.domain.training_model import TrainingModel

INFINITY = float("inf")
IDS = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters=";"), min_size=1, max_size=8)
POSITIVE = st.floats(min_value=1e-6, max_value=1e5)
NOT_NEGATIVE = st.floats(min_value=0, max_value=1e5)
SHARE = st.floats(min_value=1e-6, max_value=1)
COUNT = st.integers(min_value=0, max_value=1_000_000)
LON = st.floats(min_value=-180, max_value=180)
LAT = st.floats(min_value=-90, max_value=90)


def either(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


# Fields whose values the domain restricts; every other field takes any value of its type.
RESTRICTED: dict[tuple[str, str], st.SearchStrategy[Any]] = {
    ("Site", "power_mw"): NOT_NEGATIVE,
    ("Site", "pue"): st.floats(min_value=1, max_value=10),
    ("Site", "min_pods"): st.integers(min_value=0, max_value=9),
    ("Site", "max_pods"): either(st.integers(min_value=9, max_value=1_000_000_000)),
    ("Site", "forbidden"): st.just(False),
    ("Site", "hose_gbps"): st.just(0.0) | POSITIVE,
    ("Traffic", "gbps"): POSITIVE,
    ("LitLightpath", "mode"): IDS,
    ("LitLightpath", "count"): st.integers(min_value=1, max_value=1_000_000_000),
    ("LitLightpath", "segments"): st.lists(IDS, min_size=1, max_size=3).map(tuple),
    ("MeasuredReach", "mode"): IDS,
    ("MeasuredReach", "reach_km"): st.floats(min_value=0.001, max_value=40_000),
    ("PowerZone", "availability"): st.floats(min_value=0, max_value=1),
    ("PowerZone", "curtailed_hours_per_year"): st.floats(min_value=0, max_value=8760),
    ("PowerZone", "firm_share"): st.floats(min_value=0, max_value=1),
    ("FiberSegment", "length_km"): st.floats(min_value=0.001, max_value=40_000),
    ("FiberSegment", "conduits"): st.lists(IDS, max_size=3).map(tuple),
    ("Workload", "active_parameters"): st.none(),
    ("Workload", "parameters"): POSITIVE,
    ("Workload", "global_batch_tokens"): POSITIVE,
    ("Workload", "bits_per_element"): st.floats(min_value=0.1, max_value=1024),
    ("Workload", "inner_steps"): st.integers(min_value=1, max_value=10_000),
    ("Workload", "wan_goodput_factor"): SHARE,
    ("Workload", "model"): either(IDS),
    ("Workload", "layers"): either(st.just(1)),  # one fragment goes with any number of inner steps
    ("Workload", "fragment_layers"): st.integers(min_value=1, max_value=1_000_000),
    ("Workload", "overlap_steps"): st.just(0.0),  # a synchronous exchange overlaps nothing
    ("Workload", "backward_overlap"): st.floats(min_value=0, max_value=1),
    ("Workload", "flops_utilization"): SHARE,
    ("Policy", "min_sites"): st.integers(min_value=1, max_value=5),
    ("Policy", "max_sites"): either(st.integers(min_value=5, max_value=2**31 - 1)),
    ("Policy", "max_rtt_ms"): POSITIVE | st.just(INFINITY),
    ("Policy", "survivable_fraction"): SHARE,
    ("Policy", "max_zone_share"): SHARE,
    ("Policy", "max_utility_share"): SHARE,
    ("Policy", "carbon_t_per_year"): NOT_NEGATIVE | st.just(INFINITY),
    ("Policy", "budget_usd"): either(POSITIVE),
    ("Economics", "horizon_years"): st.integers(min_value=1, max_value=100),
    ("Economics", "discount_rate"): st.floats(min_value=-0.5, max_value=1),
    ("Economics", "load_factor"): st.floats(min_value=0, max_value=1),
    ("OpticsRules", "margin_db"): st.floats(min_value=0, max_value=30),
    ("OpticsRules", "span_km"): st.floats(min_value=1, max_value=200),
    ("OpticsRules", "grid_ghz"): either(st.floats(min_value=1, max_value=4800)),
    ("OpticsRules", "modes"): st.lists(IDS, min_size=1, max_size=3).map(tuple),
    ("Size", "pod_accelerators"): st.integers(min_value=1, max_value=1_000_000_000),
    ("Torus", "shape"): st.lists(st.integers(min_value=1, max_value=6), min_size=1, max_size=8).map(tuple),
    ("Torus", "link_gbps"): POSITIVE,
    ("Clos", "accelerators"): st.integers(min_value=1, max_value=10_000_000),
    ("Clos", "radix"): st.integers(min_value=1, max_value=2048).map(lambda half: 2 * half),
    ("Clos", "tiers"): st.sampled_from([None, 2, 3]),
    ("Clos", "oversubscription"): st.floats(min_value=1, max_value=1000),
    ("Clos", "planes"): st.integers(min_value=1, max_value=64),
    ("Clos", "link_gbps"): POSITIVE,
    ("Clos", "upper_oversubscription"): st.floats(min_value=1, max_value=1000),
    ("Clos", "upper_radix"): either(st.integers(min_value=1, max_value=2048).map(lambda half: 2 * half)),
    ("Clos", "pod_leaves"): either(st.integers(min_value=1, max_value=4096)),
    ("LinkRequest", "fiber"): IDS,
    ("LinkRequest", "rate_gbps"): either(POSITIVE),
    ("LinkRequest", "baud_gbd"): st.floats(min_value=0.1, max_value=1000),
    ("LinkRequest", "grid_ghz"): st.floats(min_value=1000, max_value=10_000),
    ("LinkRequest", "channels"): either(st.integers(min_value=1, max_value=10_000)),
    ("LinkRequest", "launch_dbm"): either(st.floats(min_value=-100, max_value=40)),
    ("LinkRequest", "noise_figure_db"): either(st.floats(min_value=0, max_value=20)),
    ("LinkRequest", "connector_db"): either(st.floats(min_value=0, max_value=5)),
    ("LinkRequest", "tx_osnr_db"): st.floats(min_value=1e-6, max_value=100),
    ("LinkRequest", "margin_db"): st.floats(min_value=0, max_value=30),
    ("LinkRequest", "capacity_gbps"): either(st.floats(min_value=0.001, max_value=1e9)),
    ("LinkRequest", "usd_per_pair_km"): NOT_NEGATIVE,
    ("LinkRequest", "pairs_available"): either(st.integers(min_value=0, max_value=1_000_000)),
    ("LinkRequest", "terminal_db"): either(st.floats(min_value=0, max_value=40)),
    ("PipelineShape", "stages"): st.integers(min_value=1, max_value=10_000),
    ("PipelineShape", "micro_batches"): st.integers(min_value=1, max_value=1_000_000),
    ("PipelineShape", "hidden_size"): st.integers(min_value=1, max_value=10**9),
    ("PipelineShape", "batch_tokens"): POSITIVE,
    ("PipelineShape", "replicas"): st.integers(min_value=1, max_value=10**9),
    ("PipelineShape", "extra_in_flight"): COUNT,
    ("FailingParts", "name"): IDS,
    ("FailingParts", "count"): NOT_NEGATIVE,
    ("FailingParts", "mtbf_h"): st.floats(min_value=1, max_value=1e9) | st.just(INFINITY),
    ("FailingParts", "wait_s"): NOT_NEGATIVE,
    ("JobSite", "site_id"): IDS,
    ("JobSite", "accelerators"): POSITIVE,
    ("JobSite", "replicas"): st.integers(min_value=1, max_value=1000),
    ("Rejoining", "round_s"): NOT_NEGATIVE,
    ("Rejoining", "restart_s"): NOT_NEGATIVE,
    ("Checkpointing", "write_s"): NOT_NEGATIVE,
    ("Checkpointing", "restart_s"): NOT_NEGATIVE,
    ("Checkpointing", "interval_s"): NOT_NEGATIVE,
    ("Rejoining", "reform_s"): NOT_NEGATIVE,
    ("GoodputRequest", "write_s"): NOT_NEGATIVE,
    ("GoodputRequest", "restart_s"): NOT_NEGATIVE,
    ("GoodputRequest", "interval_s"): either(NOT_NEGATIVE),
    ("GoodputRequest", "accelerator"): IDS,
    ("GoodputRequest", "interruptions"): st.just(0) | st.integers(min_value=2, max_value=100),
    ("GoodputRequest", "seed"): st.integers(min_value=0, max_value=2**63 - 1),
    ("TransceiverMode", "reach_km"): either(st.floats(min_value=0.001, max_value=40_000)),
    ("TransceiverMode", "id"): IDS,
    ("TransceiverMode", "name"): st.text(max_size=12),
    ("TransceiverMode", "max_spans"): COUNT,
    ("TrainingRules", "write_s"): NOT_NEGATIVE,
    ("TrainingRules", "restart_s"): NOT_NEGATIVE,
    ("TrainingRules", "reform_s"): NOT_NEGATIVE,
    ("TrainingRules", "jitter_s"): NOT_NEGATIVE,
}
BY_NAME: dict[str, st.SearchStrategy[Any]] = {
    "lon": LON,
    "lat": LAT,
    **dict.fromkeys(("site_id", "zone_id", "node_id", "segment_id", "a"), IDS),
    "b": IDS.map(lambda text: f"{text}.b"),
    "z": IDS.map(lambda text: f"{text}.z"),
}
TARGETS = st.sampled_from(["accelerators", "power_mw", "budget_usd"])


def any_of(hint: Any) -> st.SearchStrategy[Any]:
    """Any value of a type hint; whole numbers of 32 bits, numbers without NaN (which equals nothing)."""
    if isinstance(hint, type) and is_dataclass(hint):
        return instances(hint)
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return st.one_of([any_of(argument) for argument in arguments])
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin is tuple and arguments[-1] is Ellipsis:
        return st.lists(any_of(arguments[0]), max_size=3).map(tuple)
    if origin is tuple:
        return st.tuples(*map(any_of, arguments))
    if origin is not None and issubclass(origin, Mapping):
        return st.dictionaries(any_of(arguments[0]), any_of(arguments[1]), max_size=3)
    simple = {
        str: st.text(max_size=12),
        int: st.integers(min_value=-(2**31), max_value=2**31 - 1),
        float: st.floats(allow_nan=False),
        bool: st.booleans(),
        type(None): st.none(),
    }
    return simple[hint]


def _field(kind: type, name: str, hint: Any) -> st.SearchStrategy[Any]:
    restricted = RESTRICTED.get((kind.__name__, name))
    if restricted is not None:
        return restricted
    in_scenario = kind in (Site, PowerZone, Junction, FiberSegment, Traffic, LitLightpath)
    if in_scenario and name in BY_NAME and hint is not None:
        return either(BY_NAME[name]) if hint == (str | None) else BY_NAME[name]
    if in_scenario and hint is int:
        return COUNT
    if name.endswith(("_usd", "_mw", "_mwh", "_kwh", "_km", "_year", "_t")) and (
        in_scenario or kind.__name__ == "Economics"
    ):
        return either(NOT_NEGATIVE) if hint == (float | None) else NOT_NEGATIVE if hint is float else any_of(hint)
    return any_of(hint)


def instances(kind: type) -> st.SearchStrategy[Any]:
    """Valid instances of a domain dataclass."""
    special: dict[type, Callable[[], st.SearchStrategy[Any]]] = {
        Scenario: scenarios,
        Workload: _workloads,
        Size: _sizes,
        Torus: _toruses,
        LinkRequest: _link_requests,
        TransceiverMode: _transceiver_modes,
        GoodputRequest: _goodput_requests,
        TrainingModel: lambda: st.sampled_from(training_models()),
    }
    if kind in KIND_OF and kind not in special:
        return st.sampled_from(load_catalog().equipment(KIND_OF[kind]))
    if kind in FABRICS:
        return FABRICS[kind]
    if kind in ASKED:
        return ASKED[kind]
    return special[kind]() if kind in special else _plain(kind)


def _plain(kind: type, **given: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    hints = get_type_hints(kind)
    parts = {item.name: _field(kind, item.name, hints[item.name]) for item in fields(kind) if not item.metadata}
    if kind is Policy:
        parts["survive"] = parts["survive"].filter(len)
    return st.builds(kind, **{**parts, **given})


def _workloads() -> st.SearchStrategy[Workload]:
    timed = _plain(Workload, sync_time_s=POSITIVE, utilization=st.none())
    busy = _plain(Workload, sync_time_s=st.none(), utilization=st.floats(min_value=0.01, max_value=0.99))
    in_gbps = st.sampled_from(["matrix", "hose"])
    return timed | busy | _plain(Workload, sync_time_s=st.none(), utilization=st.none(), demand=in_gbps)


def _sizes() -> st.SearchStrategy[Size]:
    def with_target(target: str) -> st.SearchStrategy[Size]:
        values: dict[str, st.SearchStrategy[Any]] = dict.fromkeys(("accelerators", "power_mw", "budget_usd"), st.none())
        values[target] = st.integers(min_value=1, max_value=1_000_000_000) if target == "accelerators" else POSITIVE
        return _plain(Size, **values)

    return TARGETS.flatmap(with_target)


def _link_requests() -> st.SearchStrategy[LinkRequest]:
    """Links of given spans, which add up to the length, and links of a length alone."""
    spans = st.lists(st.floats(min_value=0.001, max_value=1000), min_size=1, max_size=5).map(tuple)
    spanned = spans.flatmap(lambda parts: _plain(LinkRequest, length_km=st.just(sum(parts)), spans_km=st.just(parts)))
    length = st.floats(min_value=1e-9, max_value=40_000)
    return spanned | _plain(LinkRequest, length_km=length, spans_km=st.just(()))


def _goodput_requests() -> st.SearchStrategy[GoodputRequest]:
    """Jobs of so many accelerators, and jobs of sites of their own."""
    count = st.integers(min_value=1000, max_value=10**9)
    of_count = _plain(
        GoodputRequest,
        accelerators=count,
        site_count=st.integers(min_value=1, max_value=1000),
        sites=st.just(()),
    )
    sites = st.lists(instances(JobSite), min_size=1, max_size=3, unique_by=lambda site: site.site_id).map(tuple)
    return of_count | _plain(GoodputRequest, accelerators=st.none(), site_count=st.just(1), sites=sites)


def _transceiver_modes() -> st.SearchStrategy[TransceiverMode]:
    hints = get_type_hints(TransceiverMode)
    return _plain(TransceiverMode, **{name: POSITIVE for name, hint in hints.items() if hint is float})


def _toruses() -> st.SearchStrategy[Torus]:
    def with_shape(shape: tuple[int, ...]) -> st.SearchStrategy[Torus]:
        wrap = either(st.tuples(*[st.booleans()] * len(shape)))
        return _plain(Torus, shape=st.just(shape), wrap=wrap, twist=st.just(False))

    return RESTRICTED["Torus", "shape"].flatmap(with_shape)


@st.composite
def scenarios(draw: st.DrawFn) -> Scenario:
    """Scenarios whose references hold."""
    ids = draw(st.lists(IDS, min_size=4, max_size=8, unique=True))
    zones = draw(st.lists(IDS, min_size=1, max_size=3, unique=True))
    segment_ids = draw(st.lists(IDS, max_size=4, unique=True))
    sites, junctions = ids[:3], ids[3:]
    ends = st.lists(st.sampled_from(ids), min_size=2, max_size=2, unique=True)
    segments = []
    for segment_id in segment_ids:
        a, b = draw(ends)
        segments.append(draw(_plain(FiberSegment, segment_id=st.just(segment_id), a=st.just(a), b=st.just(b))))
    workload, size, policy = draw(instances(Workload)), draw(instances(Size)), draw(instances(Policy))
    pairs = st.lists(st.sampled_from(list(permutations(sites, 2))), min_size=1, max_size=4, unique=True)
    matrix = [draw(_plain(Traffic, a=st.just(a), b=st.just(b))) for a, b in draw(pairs)]
    hoses = st.just(0.0) if workload.demand != "hose" else POSITIVE
    role = st.just("compute")  # a hub neither sends nor receives traffic
    between_sites = [segment for segment in segments if {segment.a, segment.b} <= set(sites)]
    lit = [
        draw(_plain(LitLightpath, a=st.just(way[0]), z=st.just(way[1]), segments=st.just((segment.segment_id,))))
        for segment in between_sites
        for way in draw(st.lists(st.just((segment.b, segment.a)), max_size=1))
    ]
    return draw(
        st.builds(
            Scenario,
            name=st.text(max_size=9),
            attribution=st.text(max_size=9),
            cost_year=st.integers(min_value=1990, max_value=2100),
            sites=st.tuples(
                *[
                    _plain(Site, site_id=st.just(site), zone_id=st.sampled_from(zones), hose_gbps=hoses, role=role)
                    for site in sites
                ]
            ),
            zones=st.tuples(*[_plain(PowerZone, zone_id=st.just(zone)) for zone in zones]),
            junctions=st.tuples(*[_plain(Junction, node_id=st.just(node)) for node in junctions]),
            segments=st.just(tuple(segments)),
            workload=st.just(workload),
            size=st.just(size),
            policy=st.just(policy if size.budget_usd is None else replace(policy, budget_usd=None)),
            optics=instances(OpticsRules),
            catalog_overrides=st.dictionaries(IDS, st.dictionaries(IDS, POSITIVE, max_size=2), max_size=2),
            assumptions=st.lists(st.text(max_size=9), max_size=2).map(tuple),
            traffic=st.just(tuple(matrix) if workload.demand == "matrix" else ()),
            lit_lightpaths=st.just(tuple(lit)),
            measured_reaches=st.lists(
                instances(MeasuredReach), max_size=3, unique_by=lambda row: (row.mode, row.fiber_type)
            ).map(tuple),
        )
    )


__all__ = ["Clos", "instances", "scenarios"]
