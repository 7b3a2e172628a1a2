"""Fabrics compared for the same money: what each kind gives."""

from dataclasses import dataclass

from topodesign.domain.fabric import FabricEvaluation, FabricSpec
from topodesign.domain.fabric_bill import FabricBill


@dataclass(frozen=True, slots=True, kw_only=True)
class EqualCostFabric:
    """The richest fabric of a kind within the money, or, where none is, its cheapest (``is_within`` false).

    ``change``: how it differs from the kind's plain fabric of this size. ``share_of_target``: its cost over the target.
    """

    kind: str
    spec: FabricSpec
    change: str
    evaluation: FabricEvaluation
    bill: FabricBill
    share_of_target: float
    is_within: bool

    @property
    def cost_usd_per_accelerator(self) -> float:
        return self.bill.cost_usd_per_accelerator


@dataclass(frozen=True, slots=True, kw_only=True)
class EqualCostComparison:
    """Kinds of fabrics of one size for the same US dollars per accelerator (indicative), in the order asked for.

    ``target_of``: where the target comes from. ``definition``: what was varied, in words.
    """

    accelerators: int
    target_usd_per_accelerator: float
    target_of: str
    definition: str
    fabrics: tuple[EqualCostFabric, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetFabric:
    """The largest fabric of a kind that a budget pays for; ``None`` and 0 where even the smallest costs more.

    ``cost_usd`` is that of fabric and accelerators, ``left_usd`` what is left of the budget. The next larger size of
    the kind has ``next_accelerators`` and costs ``next_cost_usd``, more than the budget (``None``: there is none).
    """

    kind: str
    accelerators: int
    cost_usd: float
    left_usd: float
    spec: FabricSpec | None
    evaluation: FabricEvaluation | None
    bill: FabricBill | None
    next_accelerators: int | None
    next_cost_usd: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetComparison:
    """What a budget in US dollars buys of each kind, accelerators at ``accelerator_usd`` each (0: the fabric alone)."""

    budget_usd: float
    accelerator_usd: float
    definition: str
    fabrics: tuple[BudgetFabric, ...]
