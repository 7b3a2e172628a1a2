"""Lines of the bill for what stands along the fiber and on the shelf: spans, huts and their power feed, spares.

None of these is part of the plan's cost, whose items docs/formulation.md fixes; they are listed beside it.
"""

from collections.abc import Iterator, Sequence

from topodesign.domain.equipment import Catalog, HutKind, Origin
from topodesign.domain.plan import Plan
from topodesign.domain.scenario import Scenario
from topodesign.outputs.amplifier_sites import AmplifierSite
from topodesign.outputs.bill_lines import BESIDE, BillLine, bill_line, origin_of
from topodesign.outputs.spares import installed_parts, spares_of

SPANS = Origin(source="scenario: length_km in equal spans of at most optics.span_km", date="", confidence="high")
IN_THE_FIBER = Origin(source="taken to be there, in the price of the fiber", date="", confidence="low")


def span_lines(scenario: Scenario, plan: Plan) -> Iterator[BillLine]:
    """Amplified spans of every lit segment."""
    for lit in plan.segments:
        if lit.spans:
            km = scenario.segment_by_id[lit.segment_id].length_km / lit.spans
            yield bill_line(
                f"Spans of {km:.1f} km", ("segment", lit.segment_id), (lit.spans, "span"), 0.0, origin=SPANS,
                cost_item=BESIDE, unit_power_w=None,
            )  # fmt: skip


def hut_lines(catalog: Catalog, huts: Sequence[AmplifierSite]) -> Iterator[BillLine]:
    """A hut, and the power that its amplifiers and their cooling need to be fed."""
    kind = catalog.hut()
    for hut in huts:
        yield _hut_line(kind, hut)
        yield bill_line(
            "Power feed of the hut, cooling included", ("hut", hut.id), (hut.feed_power_w, "W"), 0.0,
            origin=origin_of(kind.origins, "pue"), cost_item=BESIDE, catalog_id=kind.id, unit_power_w=None,
        )  # fmt: skip


def _hut_line(kind: HutKind, hut: AmplifierSite) -> BillLine:
    """New where fiber is built; elsewhere whoever owns the fiber has one."""
    name = "to be built" if hut.is_new else "on the way of the fiber"
    return bill_line(
        f"{kind.name} {name}, {'; '.join(hut.segments)}",
        ("hut", hut.id),
        (1, "hut"),
        kind.build_cost_usd if hut.is_new else 0.0,
        origin=origin_of(kind.origins, "build_cost_usd") if hut.is_new else IN_THE_FIBER,
        cost_item=BESIDE,
        catalog_id=kind.id,
        unit_power_w=None,  # that of the amplifiers, on their own lines
    )


def spare_lines(scenario: Scenario, plan: Plan, catalog: Catalog, huts: Sequence[AmplifierSite]) -> Iterator[BillLine]:
    """Spares of every kind at every site, junction and hut that has some."""
    figures = catalog.reliability()
    for part in installed_parts(scenario, plan, catalog, huts):
        yield bill_line(
            f"Spare {part.name}",
            part.place,
            (spares_of(part, figures), "piece"),
            part.unit_cost_usd,
            origin=part.price_origin,
            cost_item=BESIDE,
            catalog_id=part.catalog_id,
        )
