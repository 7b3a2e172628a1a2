"""Fabrics compared by kind, at equal size, for the same money, for a budget: what is asked, and what each gives."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from topodesign.domain.checks import require, require_number
from topodesign.domain.fabric import FabricEvaluation, FabricSpec
from topodesign.domain.fabric_bill import BillOptions, FabricBill
from topodesign.domain.fabric_limits import require_count, require_link_rate

MOST_KINDS = 32
"""Most kinds of one comparison."""
LONGEST_KIND = 60
"""Characters of a kind's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EqualSizeBasis:
    """Kinds of fabrics with exactly ``accelerators`` each, links of ``link_gbps`` Gbit/s, one direction."""

    kinds: tuple[str, ...]
    accelerators: int
    link_gbps: float = 400.0

    def __post_init__(self) -> None:
        _require_kinds(self.kinds)
        require_count(self.accelerators, field="accelerators")
        require_link_rate(self.link_gbps)


@dataclass(frozen=True, slots=True, kw_only=True)
class EqualCostBasis:
    """Kinds of fabrics of one size for ``usd_per_accelerator`` (``None``: of the cheapest kind's plain fabric)."""

    kinds: tuple[str, ...]
    accelerators: int
    usd_per_accelerator: float | None = None
    link_gbps: float = 400.0
    options: BillOptions = field(default_factory=BillOptions)

    def __post_init__(self) -> None:
        _require_kinds(self.kinds)
        require_count(self.accelerators, field="accelerators")
        if self.usd_per_accelerator is not None:
            require_number(self.usd_per_accelerator, field="usd_per_accelerator", at_least=0)
        require_link_rate(self.link_gbps)


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetBasis:
    """The largest fabric of each kind for ``budget_usd``, accelerators at ``accelerator_usd`` each included."""

    kinds: tuple[str, ...]
    budget_usd: float
    accelerator_usd: float = 0.0
    link_gbps: float = 400.0
    options: BillOptions = field(default_factory=BillOptions)

    def __post_init__(self) -> None:
        _require_kinds(self.kinds)
        require_number(self.budget_usd, field="budget_usd", above=0)
        require_number(self.accelerator_usd, field="accelerator_usd", at_least=0)
        require_link_rate(self.link_gbps)


def _require_kinds(kinds: Sequence[str]) -> None:
    require(
        1 <= len(kinds) <= MOST_KINDS,
        field="kinds",
        value=f"{len(kinds)} kinds",
        limit=f"1 to {MOST_KINDS} kinds",
        remedy="name the kinds to compare",
    )
    for kind in kinds:
        require(
            0 < len(kind) <= LONGEST_KIND,
            field="kinds",
            value=kind[:LONGEST_KIND],
            limit=f"names of 1 to {LONGEST_KIND} characters",
            remedy="name kinds such as torus or clos",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ImpossibleFabric:
    """A kind that has no fabric of the size asked for: why, and the ``nearest`` sizes that it has, in accelerators."""

    kind: str
    reason: str
    message: str
    nearest: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EqualSizeComparison:
    """Fabrics with the same number of accelerators and the same link rate, in the order asked for."""

    accelerators: int
    fabrics: tuple[FabricEvaluation, ...]
    impossible: tuple[ImpossibleFabric, ...]


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
