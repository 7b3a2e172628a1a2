"""What is the same in all years of a build-out: prices of capital, measures of what stands, and reach of light."""

from collections.abc import Iterator, Sequence

from topodesign.catalog import load_catalog
from topodesign.domain.buildout import PlannedYear
from topodesign.domain.errors import InvalidInput
from topodesign.domain.optical_equipment import FiberKind, LineSystem, TransceiverMode
from topodesign.domain.scenario import Scenario

PRICED_OR_REACHING = {
    "transceiver": (
        "cost_usd", "rate_gbps", "width_ghz", "baud_gbd", "required_osnr_db", "tx_osnr_db", "max_dispersion_ps_nm",
        "max_km", "max_spans", "max_pmd_ps", "reach_km",
    ),
    "line_system": (
        "terminal_cost_usd", "amplifier_cost_usd", "band_ghz", "noise_figure_db", "max_total_power_dbm",
        "connector_loss_db", "sub_bands", "terminal_loss_db", "terminal_pmd_ps", "amplifier_pmd_ps",
    ),
    "fiber": (
        "loss_db_per_km", "dispersion_ps_nm_km", "effective_area_um2", "nonlinear_index_m2_w", "pmd_ps_sqrt_km",
    ),
}  # fmt: skip
"""Figures of the catalogue that a thing that stands cost, or that decide where light on its way regenerates: with
another reach a lightpath that stands would have other regenerators."""


def require_same_capital(years: Sequence[PlannedYear], scenarios: Sequence[Scenario]) -> None:
    """Raise ``BUILDOUT_CAPITAL_CHANGES`` unless all years have the same prices of capital, measures and reach.

    New build of fiber may become possible.
    """
    first = dict(_capital_figures(scenarios[0]))
    for given, scenario in zip(years, scenarios, strict=True):
        for name, value in _capital_figures(scenario):
            if name not in first:  # new build that becomes possible
                first[name] = value
            elif first[name] != value:
                raise _changes(name, first[name], value, given.year)
        gone = sorted(first.keys() - dict(_capital_figures(scenario)).keys())
        if gone:
            raise _changes(gone[0], first[gone[0]], None, given.year)


def _changes(name: str, before: object, after: object, year: int) -> InvalidInput:
    return InvalidInput(
        f"year {year}: {name} becomes {after!r} from {before!r}, but prices of capital, measures of what is built "
        "and what decides reach are the same in all years of a build-out, else its bound would not hold and what "
        "stands would be other equipment; change limits, targets, energy and carbon prices or route charges instead",
        reason="BUILDOUT_CAPITAL_CHANGES",
        field_path=name,
        metadata={"year": str(year), "before": repr(before), "after": repr(after)},
    )


def _capital_figures(scenario: Scenario) -> Iterator[tuple[str, object]]:
    """What a thing that stands cost or is and where light regenerates, by name; where fiber can be built, its price."""
    size, optics, economics = scenario.size, scenario.optics, scenario.economics
    yield from ((f"size.{name}", getattr(size, name)) for name in ("accelerator", "pod_accelerators", "budget_usd"))
    yield "policy.budget_usd", scenario.policy.budget_usd
    yield from ((f"economics.{name}", getattr(economics, name)) for name in ("horizon_years", "discount_rate"))
    yield from (
        (f"optics.{name}", getattr(optics, name)) for name in ("span_km", "band", "grid_ghz", "catalog", "margin_db")
    )
    for site in scenario.sites:
        for name in ("fixed_capex_usd", "capex_usd_per_mw", "pue", "role"):
            yield f"sites.{site.site_id}.{name}", getattr(site, name)
        if site.role == "hub":  # without power it does not regenerate
            yield f"sites.{site.site_id}.power_mw > 0", site.power_mw > 0
    for junction in scenario.junctions:
        yield f"junctions.{junction.node_id}.regeneration", junction.regeneration
    for segment in scenario.segments:
        for name in ("length_km", "usd_per_pair_km", "lit_pairs", "fiber_type"):
            yield f"segments.{segment.segment_id}.{name}", getattr(segment, name)
        if segment.build_usd_per_km is not None:
            yield f"segments.{segment.segment_id}.build_usd_per_km", segment.build_usd_per_km
    yield from _equipment_figures(scenario)


def _equipment_figures(scenario: Scenario) -> Iterator[tuple[str, object]]:
    catalog = load_catalog(scenario.catalog_overrides)
    accelerator = catalog.accelerator(scenario.size.accelerator, field="size.accelerator")
    yield f"catalog.accelerator.{accelerator.id}.all_in_w", accelerator.all_in_w
    kinds: dict[str, Sequence[TransceiverMode | LineSystem | FiberKind]] = {
        "transceiver": catalog.transceivers,
        "line_system": catalog.line_systems,
        "fiber": catalog.fibers,
    }
    for kind, items in kinds.items():
        for item in items:
            for name in PRICED_OR_REACHING[kind]:
                yield f"catalog.{kind}.{item.id}.{name}", getattr(item, name)
