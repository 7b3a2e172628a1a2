"""How often parts fail and how long repairs take."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from topodesign.domain.checks import require_id, require_number
from topodesign.domain.origin import Origin

_TRAINING_MTBF = (
    "accelerator_mtbf_h",
    "host_mtbf_h",
    "adapter_mtbf_h",
    "software_mtbf_h",
    "fabric_link_mtbf_h",
    "switch_mtbf_h",
    "site_mtbf_h",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reliability:
    """Failures, repairs, stock on the shelf and prices of replacements.

    ``cuts_per_1000km_year`` counts cuts of a conduit per 1000 km and year, repaired after ``cut_repair_h`` hours on
    average. ``*_mtbf_h`` is the mean time from repair to failure of one module (one end of a lightpath), or of the
    terminal or in-line amplifier of one fiber pair at one place, ``*_repair_h`` the mean time from failure to repair,
    both in hours. ``restock_days``: until a spare that was used is on the shelf again; ``spares_service_level``:
    probability that the shelf lasts so long. ``price_decline_per_year`` is the share by which a transceiver is cheaper
    a year later, ``line_price_decline_per_year`` that of terminals and amplifiers.

    What interrupts training (infinite: never): ``accelerator_mtbf_h``, ``adapter_mtbf_h``, ``software_mtbf_h`` and
    ``fabric_link_mtbf_h`` of one accelerator each, ``host_mtbf_h`` of a host, ``switch_mtbf_h`` of a packet switch,
    ``site_mtbf_h`` of a whole site. ``site_repair_h`` and ``zone_repair_h``: until a site or power zone is back.
    """

    id: str
    name: str
    cuts_per_1000km_year: float
    cut_repair_h: float
    transceiver_mtbf_h: float
    transceiver_repair_h: float
    terminal_mtbf_h: float
    terminal_repair_h: float
    amplifier_mtbf_h: float
    amplifier_repair_h: float
    restock_days: float
    spares_service_level: float
    price_decline_per_year: float
    line_price_decline_per_year: float
    origins: Mapping[str, Origin] = field(default_factory=dict)
    accelerator_mtbf_h: float = math.inf
    host_mtbf_h: float = math.inf
    adapter_mtbf_h: float = math.inf
    software_mtbf_h: float = math.inf
    fabric_link_mtbf_h: float = math.inf
    switch_mtbf_h: float = math.inf
    site_mtbf_h: float = math.inf
    site_repair_h: float = 0.0
    zone_repair_h: float = 1.0

    def __post_init__(self) -> None:
        require_id(self.id, field="reliability.id")
        for name in _TRAINING_MTBF:
            require_number(getattr(self, name), field=name, at_least=1, may_be_infinite=True)
        require_number(self.site_repair_h, field="site_repair_h", at_least=0, at_most=1e5)
        require_number(self.zone_repair_h, field="zone_repair_h", above=0, at_most=1e5)
        require_number(self.cuts_per_1000km_year, field="cuts_per_1000km_year", at_least=0, at_most=1e4)
        for name in ("cut_repair_h", "transceiver_repair_h", "terminal_repair_h", "amplifier_repair_h"):
            require_number(getattr(self, name), field=name, at_least=0, at_most=1e5)
        for name in ("transceiver_mtbf_h", "terminal_mtbf_h", "amplifier_mtbf_h"):
            require_number(getattr(self, name), field=name, at_least=1)
        require_number(self.restock_days, field="restock_days", at_least=0, at_most=3650)
        require_number(self.spares_service_level, field="spares_service_level", at_least=0, at_most=0.999999)
        for name in ("price_decline_per_year", "line_price_decline_per_year"):
            require_number(getattr(self, name), field=name, at_least=0, at_most=1)
