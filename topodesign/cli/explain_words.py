"""Plain words on one thing of a plan: how it is used, why, which failures need it, and what a step more would save."""

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from topodesign.cli.explain_subject import BETWEEN_ENDS, LIMITS, Subject
from topodesign.domain.proven_figures import millions_at_least, millions_at_most

if TYPE_CHECKING:
    from topodesign.domain.explanation import BindingLimit, Explanation, UnusedSite, UsedSite
    from topodesign.domain.plan import Lightpath, Plan
    from topodesign.domain.scenario import Scenario

MOST_FAILURES = 5
"""Failures that are named; the others are counted."""
EXACT = 1e-9
"""Relative; strengths are exact but for their rounding to floats."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A plan, its scenario, and what re-solves found about the thing that is asked about, if there were any."""

    scenario: "Scenario"
    plan: "Plan"
    explanation: "Explanation | None"


def sentences_about(subject: Subject, asked: Asked) -> tuple[str, ...]:
    """What there is to say of it."""
    words = {
        "site": _site,
        "zone": _zone,
        "segment": _segment,
        "link": _link,
        "limit": _limit,
        "cost item": _cost_item,
    }
    return tuple(words[subject.kind](subject.id, asked))


def binding_sentence(item: "BindingLimit") -> str:
    """How far a limit is used, and what a step more of it saves."""
    name = f"{item.limit} {item.id}".strip()
    return (
        f"{name}: {item.used:,.6g} of {item.value:,.6g} {item.unit}; {item.step:+,.6g} saves "
        f"{item.saving_usd / 1e6:,.2f} million USD (at most {millions_at_most(item.saving_upper_usd)})"
    )


def extra_cost_sentence(item: "UnusedSite | UsedSite", doing: str) -> str:
    """What it costs more to use a site, or to do without it: ``doing``."""
    proven = "" if item.extra_lower_usd is None else f"at least {millions_at_least(item.extra_lower_usd, signed=True)}"
    if item.extra_usd is None:
        return f"site {item.site_id}: {item.reason}{f', {proven} million USD' if proven else ''}"
    return f"site {item.site_id}: {doing} costs {item.extra_usd / 1e6:+,.2f} million USD ({proven}); {item.reason}"


def _site(site_id: str, asked: Asked) -> Iterator[str]:
    site = asked.scenario.site_by_id[site_id]
    used = next((item for item in asked.plan.sites if item.id == site_id), None)
    if used is None:
        yield f"site {site_id} is not used; it could draw {site.power_mw:,.6g} MW in zone {site.zone_id}"
        if site.forbidden:
            yield "the scenario forbids it"
        elif site.role == "hub":
            yield "it is a hub: light may be regenerated there, but no pods are placed"
    else:
        share = used.power_mw / site.power_mw
        yield (
            f"site {site_id} is used: {_counted(used.pods, 'pod')} with {used.accelerators:,} accelerators draw "
            f"{used.power_mw:,.6g} of {site.power_mw:,.6g} MW ({share:.1%}) in zone {site.zone_id}"
        )
        if site.required:
            yield "the scenario requires it"
        elif site_id in asked.scenario.demand_sites:
            yield "the demand of the scenario names it, so every plan uses it"
        elif site.min_pods > 0:
            yield f"the scenario asks for at least {_counted(site.min_pods, 'pod')} there"
        yield from _links_of(site_id, asked.plan)
    if asked.explanation is not None:
        yield from (extra_cost_sentence(item, "using it") for item in _of(site_id, asked.explanation.unused))
        yield from (extra_cost_sentence(item, "doing without it") for item in _of(site_id, asked.explanation.used))
    yield from _bindings(site_id, asked)


def _of(site_id: str, items: "tuple[UnusedSite, ...] | tuple[UsedSite, ...]") -> "Iterator[UnusedSite | UsedSite]":
    return (item for item in items if item.site_id == site_id)


def _links_of(site_id: str, plan: "Plan") -> Iterator[str]:
    reached: dict[str, float] = {}
    for link in plan.links:
        if site_id in (link.a, link.z):
            other = link.z if link.a == site_id else link.a
            reached[other] = reached.get(other, 0.0) + link.capacity_gbps
    if reached:
        yield "links: " + ", ".join(f"{gbps / 1e3:,.1f} Tbit/s to {other}" for other, gbps in reached.items())


def _zone(zone_id: str, asked: Asked) -> Iterator[str]:
    zone = asked.scenario.zone_by_id[zone_id]
    inside = [site for site in asked.plan.sites if site.zone_id == zone_id]
    drawn = sum(site.power_mw for site in inside)
    if not inside:
        yield f"zone {zone_id} is not used; {zone.headroom_mw:,.6g} MW of headroom are left"
    else:
        names = ", ".join(site.id for site in inside)
        used = f"{drawn:,.6g} of {zone.headroom_mw:,.6g} MW of headroom ({drawn / zone.headroom_mw:.1%})"
        yield f"zone {zone_id}: {_counted(len(inside), 'used site')} ({names}) draw {used}"
        pods, total = sum(site.pods for site in inside), sum(site.pods for site in asked.plan.sites)
        most = asked.scenario.policy.max_zone_share
        yield f"it holds {pods:,} of {total:,} pods ({pods / total:.1%}); policy.max_zone_share allows {most:.1%}"
    yield from _bindings(zone_id, asked)


def _segment(segment_id: str, asked: Asked) -> Iterator[str]:
    segment = asked.scenario.segment_by_id[segment_id]
    lit = next((item for item in asked.plan.segments if item.segment_id == segment_id), None)
    where = f"{segment.length_km:,.1f} km between {segment.a} and {segment.b}"
    if lit is None or lit.pairs == 0:
        yield f"segment {segment_id} ({where}) stays dark; {_counted(segment.most_pairs, 'fiber pair')} could be used"
        return
    built = ", newly built" if lit.built else ""
    yield (
        f"segment {segment_id} ({where}{built}) is lit: {lit.pairs:,} of {_counted(segment.most_pairs, 'fiber pair')}, "
        f"spectrum {lit.utilization:.1%} used, {_counted(lit.amplifiers, 'amplifier')}"
    )
    over = [path for path in asked.plan.lightpaths if segment_id in path.segments]
    yield f"over it: {_carried(over)}"
    yield from _needed(asked, lambda path: segment_id in path.segments)
    yield from _bindings(segment_id, asked)


def _link(link_id: str, asked: Asked) -> Iterator[str]:
    a, z = link_id.split(BETWEEN_ENDS)
    paths = [path for path in asked.plan.lightpaths if {path.a, path.z} == {a, z}]
    if not paths:
        yield f"no lightpath joins {a} and {z} directly; what they exchange goes over other sites, if both are used"
        return
    yield f"link {a} - {z}: {_carried(paths)}"
    for path in paths:
        again = f", regenerated at {', '.join(path.regenerations)}" if path.regenerations else ""
        yield (
            f"{path.count:,} x {path.mode} over {', '.join(path.segments)}: {path.length_km:,.1f} km, "
            f"{path.latency_ms:.2f} ms one way, {path.margin_db:.1f} dB above what the mode needs{again}"
        )
    yield from _needed(asked, lambda path: {path.a, path.z} == {a, z})


def _limit(limit: str, asked: Asked) -> Iterator[str]:
    found = () if asked.explanation is None else asked.explanation.binding
    binding = [item for item in found if item.limit == limit]
    if binding:
        yield from (binding_sentence(item) for item in binding)
    elif asked.explanation is not None:
        yield f"{limit} ({LIMITS[limit]}): the plan does not reach it"
    room, _, name = limit.partition(".")
    if room == "policy":
        value = getattr(asked.scenario.policy, name)
        yield f"the scenario sets {limit} to {'nothing' if value is None else f'{value:,.6g}'}"


def _cost_item(item: str, asked: Asked) -> Iterator[str]:
    from topodesign.outputs.cost_chart import ITEM_NAMES, NETWORK_ITEMS

    usd, cost = asked.plan.cost_items[item], asked.plan.cost_usd or 0.0
    share = usd / cost if cost else 0.0
    larger = sum(other > usd for other in asked.plan.cost_items.values())
    yield (
        f"cost item {item} ({ITEM_NAMES.get(item, item)}): {usd:,.2f} USD of {cost:,.2f} ({share:.2%}), present value "
        f"over {_counted(asked.scenario.economics.horizon_years, 'year')}; indicative where prices are"
    )
    yield f"it is number {larger + 1} of {len(asked.plan.cost_items)} by size"
    network = asked.plan.network_cost_usd
    if item in NETWORK_ITEMS and network:
        yield f"it is {usd / network:.1%} of what the network costs"


def _bindings(item_id: str, asked: Asked) -> Iterator[str]:
    if asked.explanation is not None:
        yield from (binding_sentence(item) for item in asked.explanation.binding if item.id == item_id)


def _carried(paths: "list[Lightpath]") -> str:
    count, gbps = sum(path.count for path in paths), sum(path.capacity_gbps for path in paths)
    return f"{_counted(count, 'lightpath')} with {gbps / 1e3:,.1f} Tbit/s in each direction"


def _needed(asked: Asked, is_gone: "Callable[[Lightpath], bool]") -> Iterator[str]:
    """Failures after which too little would be left without these lightpaths, as the verifier finds it."""
    from topodesign.verify import verify_plan

    left = tuple(path for path in asked.plan.lightpaths if not is_gone(path))
    found = verify_plan(asked.scenario, dataclasses.replace(asked.plan, lightpaths=left)).failures
    short = [
        (state.strength_gbps, state)
        for state in found
        if state.strength_gbps is not None and state.strength_gbps < state.required_gbps * (1 - EXACT)
    ]
    if not short:
        yield f"without it enough would be left with nothing failed and after each of {len(found) - 1:,} failures"
        return
    short.sort(key=lambda item: (item[0], item[1].failure))
    told = [
        f"{'with nothing failed' if state.failure == 'none' else 'after ' + state.failure} "
        f"{strength:,.0f} of {state.required_gbps:,.0f} Gbit/s"
        for strength, state in short[:MOST_FAILURES]
    ]
    more = f", and {len(short) - MOST_FAILURES:,} more" if len(short) > MOST_FAILURES else ""
    yield (
        f"without it too little would be left in {len(short):,} of {_counted(len(found), 'state')}: "
        f"{'; '.join(told)}{more}"
    )


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
