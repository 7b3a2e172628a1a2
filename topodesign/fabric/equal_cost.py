"""Fabrics at equal cost: what each kind gives for the same dollars per accelerator."""

import math
from collections.abc import Callable, Sequence
from functools import partial

from topodesign.catalog import load_catalog
from topodesign.domain.checks import require, require_number
from topodesign.domain.equipment import Catalog
from topodesign.domain.fabric import FabricEvaluation, FabricSpec
from topodesign.domain.fabric_bill import BillOptions
from topodesign.domain.fabric_comparison import EqualCostComparison, EqualCostFabric
from topodesign.domain.fabric_conditions import FabricConditions
from topodesign.fabric.bill import DEFAULT_OPTIONS, price_fabric
from topodesign.fabric.cost_ladders import MOST_PARALLEL, Rung, richness_ladder
from topodesign.fabric.evaluating import DEFAULT_CONDITIONS, evaluate_fabric

EQUAL_COST = (
    "at the same number of accelerators every kind is the richest of its ladder whose cost per accelerator does not "
    "exceed the target: a Clos tapers its leaves by whole uplinks, then gets whole planes; every other kind gets "
    f"parallel links, at most {MOST_PARALLEL}. Costs are those of the bill's total, indicative"
)


def compare_at_equal_cost(
    kinds: Sequence[str],
    *,
    accelerators: int,
    usd_per_accelerator: float | None = None,
    link_gbps: float = 400.0,
    message_bytes: float = 1e9,
    catalog: Catalog | None = None,
    options: BillOptions = DEFAULT_OPTIONS,
    conditions: FabricConditions = DEFAULT_CONDITIONS,
) -> EqualCostComparison:
    """What each kind gives for the same money per accelerator, at the same number of accelerators.

    Every member of a kind's ladder (:func:`topodesign.fabric.cost_ladders.richness_ladder`) is priced, so that the
    richest within the money is found for certain; whole uplinks, planes and links leave a rest of the money, see
    ``share_of_target``.

    Parameters
    ----------
    kinds : sequence of str
        At least one, of :func:`topodesign.fabric.fabric_kinds`.
    accelerators : int
        Of every fabric.
    usd_per_accelerator : float, optional
        The target; default: the cost per accelerator of the cheapest of the kinds' plain fabrics.
    link_gbps : float
        Rate of one link, one direction, before links are doubled.
    message_bytes, conditions
        See :func:`topodesign.fabric.evaluate_fabric`.
    catalog, options
        Prices, and what is in the total.

    Returns
    -------
    EqualCostComparison
        One fabric of each kind, evaluated, in the order of ``kinds``.

    Raises
    ------
    InvalidInput
        For an unknown kind, none at all, or a size or target out of range.
    """
    require_kinds(kinds)
    catalog = catalog if catalog is not None else load_catalog()
    ladders = {kind: richness_ladder(kind, accelerators, link_gbps=link_gbps) for kind in kinds}
    target_of = "given"
    if usd_per_accelerator is None:
        usd_per_accelerator, cheapest = min(
            (_per_accelerator(rung, catalog, options), kind)
            for kind, ladder in ladders.items()
            for rung in ladder
            if rung.is_plain
        )
        target_of = f"the plain {cheapest} of this size"
    require_number(usd_per_accelerator, field="usd_per_accelerator", at_least=0)
    evaluate = partial(evaluate_fabric, message_bytes=message_bytes, catalog=catalog, conditions=conditions)
    return EqualCostComparison(
        accelerators=accelerators,
        target_usd_per_accelerator=usd_per_accelerator,
        target_of=target_of,
        definition=EQUAL_COST,
        fabrics=tuple(
            _richest_within(kind, ladder, usd_per_accelerator, catalog, options, evaluate)
            for kind, ladder in ladders.items()
        ),
    )


def require_kinds(kinds: Sequence[str]) -> None:
    """Refuse a comparison of nothing."""
    require(len(kinds) > 0, field="kinds", value=list(kinds), limit="at least one kind", remedy="name one or more")


def _richest_within(
    kind: str,
    ladder: Sequence[Rung],
    target_usd: float,
    catalog: Catalog,
    options: BillOptions,
    evaluate: Callable[[FabricSpec], FabricEvaluation],
) -> EqualCostFabric:
    """The last rung that costs no more than the target; the cheapest where none does."""
    bills = [price_fabric(rung.spec, catalog=catalog, options=options) for rung in ladder]
    costs = [bill.cost_usd_per_accelerator for bill in bills]
    is_within = min(costs) <= target_usd
    most = target_usd if is_within else min(costs)
    place = max(place for place, cost in enumerate(costs) if cost <= most)
    rung = ladder[place]
    return EqualCostFabric(
        kind=kind,
        spec=rung.spec,
        change=rung.change,
        evaluation=evaluate(rung.spec),
        bill=bills[place],
        share_of_target=_share(costs[place], target_usd),
        is_within=is_within,
    )


def _per_accelerator(rung: Rung, catalog: Catalog, options: BillOptions) -> float:
    return price_fabric(rung.spec, catalog=catalog, options=options).cost_usd_per_accelerator


def _share(cost_usd: float, target_usd: float) -> float:
    """Cost over target; 1 where both are nothing."""
    if target_usd > 0:
        return cost_usd / target_usd
    return 1.0 if cost_usd == 0 else math.inf
