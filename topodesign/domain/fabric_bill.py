"""Bill of materials of a fabric: what is counted and priced, and how."""

import math
from dataclasses import dataclass, field
from typing import Literal

from topodesign.domain.checks import require_number
from topodesign.domain.equipment import Confidence

Listing = Literal["in_total", "beside", "left_out"]
PartTable = Literal["switch", "ocs", "module", "cable", "adapter"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SparesRule:
    """How many spares of a part: enough, with ``service_level``, until a failed one is replaced.

    Failures of n parts during ``lead_time_days`` are Poisson distributed with mean n x failures_per_year x lead time;
    the stock is the least s with P(failures <= s) >= service_level. No random numbers: the same parts, the same stock.

    References
    ----------
    C. C. Sherbrooke (1968), "METRIC: A Multi-Echelon Technique for Recoverable Item Control", Operations Research 16.
    """

    lead_time_days: float = 30.0
    service_level: float = 0.99

    def __post_init__(self) -> None:
        require_number(self.lead_time_days, field="lead_time_days", above=0, at_most=3650)
        require_number(self.service_level, field="service_level", at_least=0.5, at_most=0.999999)


@dataclass(frozen=True, slots=True, kw_only=True)
class BillOptions:
    """Whether network adapters and spares are in the total, listed beside it (default), or left out."""

    adapters: Listing = "beside"
    spares: Listing = "beside"
    spares_rule: SparesRule = field(default_factory=SparesRule)


@dataclass(frozen=True, slots=True, kw_only=True)
class FabricBillLine:
    """``count`` parts of one catalogue item for one purpose; cost and watts of all of them.

    ``item`` is an id of the catalogue's ``table``, empty for what is built into boards or racks and so not bought here.
    ``length_m`` is that of the link a cable is for. ``cost_usd`` is ``count`` x ``unit_cost_usd``, watts likewise.
    ``source``, ``source_date`` and ``confidence`` are those of the price; ``is_indicative``: it is nobody's offer.
    """

    item: str
    table: PartTable
    name: str
    what: str
    count: int
    length_m: float
    unit_cost_usd: float
    unit_power_w: float
    optical: bool
    is_indicative: bool
    source: str
    source_date: str
    confidence: Confidence

    @property
    def cost_usd(self) -> float:
        return self.count * self.unit_cost_usd

    @property
    def power_w(self) -> float:
        return self.count * self.unit_power_w


@dataclass(frozen=True, slots=True, kw_only=True)
class OcsPorts:
    """Ports of all optical circuit switches of a fabric; each port takes one link's end.

    ``used`` carry links, ``kept`` are held for tests and repair, ``free`` are neither. ``strands`` are the fibers that
    run to the used ones.
    """

    units: int
    used: int
    kept: int
    free: int
    strands: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FabricBill:
    """Bill of materials of a fabric, at indicative prices.

    ``lines`` make up the total; ``beside`` are listed but not in it. ``optical_links`` is a count of links,
    ``run_classes`` the cable class of each of the topology's cable runs, ``ocs`` is ``None`` without optical circuit
    switches. ``assumptions``: how catalogue items were fitted to the fabric, and what is not included.
    """

    accelerators: int
    lines: tuple[FabricBillLine, ...]
    beside: tuple[FabricBillLine, ...]
    optical_links: int
    run_classes: tuple[str, ...]
    ocs: OcsPorts | None
    assumptions: tuple[str, ...]

    @property
    def cost_usd(self) -> float:
        return math.fsum(line.cost_usd for line in self.lines)

    @property
    def power_kw(self) -> float:
        return math.fsum(line.power_w for line in self.lines) / 1000.0

    @property
    def beside_cost_usd(self) -> float:
        return math.fsum(line.cost_usd for line in self.beside)

    @property
    def cost_usd_per_accelerator(self) -> float:
        return self.cost_usd / self.accelerators

    @property
    def power_w_per_accelerator(self) -> float:
        return 1000.0 * self.power_kw / self.accelerators

    def count_of(self, item: str, *, table: PartTable) -> int:
        """Parts of one catalogue item in the total."""
        return sum(line.count for line in self.lines if (line.table, line.item) == (table, item))
