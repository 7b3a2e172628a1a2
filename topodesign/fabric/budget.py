"""How large a fabric of each kind a budget pays for."""

from collections.abc import Sequence
from dataclasses import dataclass

from topodesign.catalog import load_catalog
from topodesign.domain.checks import require_number
from topodesign.domain.equipment import Catalog
from topodesign.domain.fabric import FabricSpec
from topodesign.domain.fabric_bill import BillOptions, FabricBill
from topodesign.domain.fabric_comparison import BudgetComparison, BudgetFabric
from topodesign.domain.fabric_conditions import FabricConditions
from topodesign.fabric.bill import DEFAULT_OPTIONS, price_fabric
from topodesign.fabric.cost_ladders import SizeLadder, size_ladder
from topodesign.fabric.equal_cost import require_kinds
from topodesign.fabric.evaluating import DEFAULT_CONDITIONS, evaluate_fabric

BUDGET = (
    "the largest size of each kind that the budget pays for, by bisection over its sizes: tori of whole blocks of "
    "4x4x4 no side of which is more than twice another, other kinds by racks of 64 accelerators; the next larger size "
    "is told with its cost. Costs are those of the bill's total, indicative"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """What is paid, for what, at which prices."""

    budget_usd: float
    accelerator_usd: float
    catalog: Catalog
    options: BillOptions

    def bill(self, spec: FabricSpec) -> FabricBill:
        return price_fabric(spec, catalog=self.catalog, options=self.options)

    def cost_usd(self, bill: FabricBill) -> float:
        return bill.cost_usd + self.accelerator_usd * bill.accelerators


def fabrics_for_budget(
    kinds: Sequence[str],
    *,
    budget_usd: float,
    accelerator_usd: float = 0.0,
    link_gbps: float = 400.0,
    message_bytes: float = 1e9,
    catalog: Catalog | None = None,
    options: BillOptions = DEFAULT_OPTIONS,
    conditions: FabricConditions = DEFAULT_CONDITIONS,
) -> BudgetComparison:
    """How many accelerators each kind joins for the same budget, by bisection over the sizes that it can be built in.

    Parameters
    ----------
    kinds : sequence of str
        At least one, of :func:`topodesign.fabric.fabric_kinds`.
    budget_usd : float
        For fabric and accelerators, above 0.
    accelerator_usd : float
        Price of one accelerator with its share of the server; 0: the budget is for the fabric alone.
    link_gbps : float
        Rate of one link, one direction.
    message_bytes, conditions
        See :func:`topodesign.fabric.evaluate_fabric`.
    catalog, options
        Prices, and what is in the total.

    Returns
    -------
    BudgetComparison
        One entry of each kind, in the order of ``kinds``. The size found fits and the next larger one does not; that no
        size beyond it fits holds as long as cost grows with size, as it does on these sizes but is not proven.

    Raises
    ------
    InvalidInput
        For an unknown kind, none at all, or a price out of range.
    """
    require_kinds(kinds)
    require_number(budget_usd, field="budget_usd", above=0)
    require_number(accelerator_usd, field="accelerator_usd", at_least=0)
    money = Money(
        budget_usd=budget_usd,
        accelerator_usd=accelerator_usd,
        catalog=catalog if catalog is not None else load_catalog(),
        options=options,
    )
    return BudgetComparison(
        budget_usd=budget_usd,
        accelerator_usd=accelerator_usd,
        definition=BUDGET,
        fabrics=tuple(
            _largest(kind, size_ladder(kind, link_gbps=link_gbps), money, message_bytes, conditions)
            for kind in dict.fromkeys(kinds)
        ),
    )


def _largest(
    kind: str, ladder: SizeLadder, money: Money, message_bytes: float, conditions: FabricConditions
) -> BudgetFabric:
    step = last_step_within(ladder, money)
    spec = ladder.at_or_below(step)
    following = ladder.spec_at(step + 1) if step + 1 < ladder.steps else None
    bill = None if spec is None else money.bill(spec)
    next_bill = None if following is None else money.bill(following)
    cost_usd = 0.0 if bill is None else money.cost_usd(bill)
    return BudgetFabric(
        kind=kind,
        accelerators=0 if bill is None else bill.accelerators,
        cost_usd=cost_usd,
        left_usd=money.budget_usd - cost_usd,
        spec=spec,
        evaluation=None
        if spec is None
        else evaluate_fabric(spec, message_bytes=message_bytes, catalog=money.catalog, conditions=conditions),
        bill=bill,
        next_accelerators=None if next_bill is None else next_bill.accelerators,
        next_cost_usd=None if next_bill is None else money.cost_usd(next_bill),
    )


def last_step_within(ladder: SizeLadder, money: Money) -> int:
    """The last step whose size the budget pays for, -1: none; doubling first, so that no huge fabric is priced in vain.

    A step whose size the kind refuses counts as the size below it, so that the step after the last one within is of a
    size of its own.
    """

    def is_within(step: int) -> bool:
        spec = ladder.at_or_below(step)
        return spec is None or money.cost_usd(money.bill(spec)) <= money.budget_usd

    low, high = -1, 0
    while high < ladder.steps and is_within(high):
        low, high = high, 2 * high + 1
    high = min(high, ladder.steps)
    while high - low > 1:
        middle = (low + high) // 2
        if is_within(middle):
            low = middle
        else:
            high = middle
    return low
