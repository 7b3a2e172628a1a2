"""The difference of two plans for people, on stdout."""

from typing import TYPE_CHECKING

from topodesign.cli.output import say
from topodesign.domain.proven_figures import gap_percent_digits, millions_at_least

if TYPE_CHECKING:
    from topodesign.domain.comparison import Conversion, InputChange, PlanDiff, Proof

SMALL_USD = 1e5
MOST_INPUTS = 30
"""Inputs that are listed; JSON has all."""


def describe_diff(found: "PlanDiff") -> None:
    """Write what changes: what was asked for first, then what is built, what it costs and how sure that is."""
    _describe_inputs(found.inputs)
    if found.is_same:
        say("the plans use the same sites, fiber and lightpaths")
    _describe_network(found)
    _describe_costs(found)
    if found.conversion is not None:
        _describe_conversion(found.conversion)


def _describe_inputs(inputs: "tuple[InputChange, ...] | None") -> None:
    if inputs is None:
        say("inputs are not compared: a plan's folder without scenario.json was written elsewhere")
        return
    say("the scenarios are the same" if not inputs else f"{len(inputs):,} inputs differ:")
    for item in inputs[:MOST_INPUTS]:
        say(f"  {item.path}: {_or_absent(item.before)} -> {_or_absent(item.after)}")
    if len(inputs) > MOST_INPUTS:
        say(f"  and {len(inputs) - MOST_INPUTS:,} more (--json has all)")


def _or_absent(value: str | None) -> str:
    return "absent" if value is None else value


def _describe_network(found: "PlanDiff") -> None:
    for site in found.sites:
        say(
            f"  site {site.site_id}: {site.pods_before:,} -> {site.pods_after:,} pods, "
            f"{site.power_mw_before:,.1f} -> {site.power_mw_after:,.1f} MW"
        )
    for link in found.links:
        say(
            f"  link {link.a} - {link.z} {link.mode}: {link.capacity_gbps_before / 1e3:,.1f} -> "
            f"{link.capacity_gbps_after / 1e3:,.1f} Tbit/s, {link.lightpaths_before:,} -> "
            f"{link.lightpaths_after:,} lightpaths"
        )
    for segment in found.segments:
        say(f"  segment {segment.segment_id}: {segment.pairs_before:,} -> {segment.pairs_after:,} fiber pairs")
    for item in found.lightpaths:
        say(
            f"  {item.a} - {item.z} {item.mode}: {item.count_before:,} -> {item.count_after:,} lightpaths "
            f"over {', '.join(item.segments)}"
        )
    old, new = found.strength_gbps
    if old is not None and new is not None and old != new:
        say(f"  strength between sites: {old / 1e3:,.1f} -> {new / 1e3:,.1f} Tbit/s")
    works = found.works
    say(
        f"works: {works.sites_opened} sites opened and {works.sites_closed} closed, {works.pods_added:,} pods added "
        f"and {works.pods_removed:,} removed, {works.pairs_lit:,} fiber pairs lit and {works.pairs_darkened:,} "
        f"darkened, {works.lightpaths_added:,} lightpaths added and {works.lightpaths_removed:,} removed"
    )


def _describe_costs(found: "PlanDiff") -> None:
    for cost in found.costs:
        say(
            f"  {cost.item}: {cost.before_usd / 1e6:,.2f} -> {cost.after_usd / 1e6:,.2f} million USD "
            f"({_change_words(cost.delta_usd)})"
        )
    say(
        f"cost {found.cost_delta_usd / 1e6:+,.2f} million USD of present value, of which network "
        f"{found.network_cost_delta_usd / 1e6:+,.2f}"
    )
    if found.proof is not None:
        before, after = found.proof
        say(f"proof: {_proof_words(before)} -> {_proof_words(after)}")


def _change_words(usd: float) -> str:
    """In millions, unless that would be a change of 0.0."""
    return f"{usd / 1e6:+,.2f}" if abs(usd) >= SMALL_USD else f"{usd:+,.2f} USD"


def _proof_words(proof: "Proof") -> str:
    sure = "verified" if proof.verified else "NOT verified"
    if proof.gap is None or proof.lower_bound_usd is None:
        return f"{proof.status}, {sure}, no bound"
    bound = f"bound {millions_at_least(proof.lower_bound_usd)} million USD"
    return f"{proof.status}, {sure}, within {gap_percent_digits(proof.gap)} % ({bound})"


def _describe_conversion(found: "Conversion") -> None:
    bought = ", ".join(f"{count:,} x {mode}" for mode, count in sorted(found.transceivers_to_buy.items())) or "none"
    spare = ", ".join(f"{count:,} x {mode}" for mode, count in sorted(found.transceivers_left_over.items())) or "none"
    say(
        f"conversion: {found.new_pairs:,} fiber pairs and {found.new_amplifiers:,} amplifiers to buy; "
        f"transceivers to buy: {bought}; left over: {spare}"
    )
    if found.built_segments:
        say(f"  fiber to build: {', '.join(found.built_segments)}")
    if found.cost_usd is None or found.items_usd is None:
        say("  not priced: give the second plan's scenario with --scenario")
        return
    for name, usd in found.items_usd.items():
        if usd:
            say(f"  {name}: {usd / 1e6:,.3f} million USD")
    say(f"  together {found.cost_usd / 1e6:,.3f} million USD once, accelerators not counted")
