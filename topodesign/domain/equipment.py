"""Equipment of the catalogue. Prices are indicative unless their confidence says otherwise."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, get_args

from topodesign.domain.checks import require, require_id, require_number
from topodesign.domain.errors import NotFound
from topodesign.domain.ranges import MOST_REACH_KM

Confidence = Literal["high", "medium", "low"]
ModeCatalog = Literal["standard", "flexwan"]
"""Sets of transceiver modes: those of public standards, whose reach the line model gives; FlexWAN's, measured."""
CableMedium = Literal["copper", "active_copper", "active_optical", "optics", "ocs", "trace", "backplane"]
"""``optics``: pluggable modules and patch fiber. ``ocs``: the same, by way of an optical circuit switch. ``trace`` and
``backplane``: built into boards and racks of accelerators."""

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
class Origin:
    """Where a figure comes from: source in words, its date, and how far to trust it."""

    source: str
    date: str
    confidence: Confidence


def origin_of(origins: Mapping[str, Origin], figure: str) -> Origin:
    """Where a figure comes from; ``*`` stands for all figures without an entry of their own."""
    known = origins.get(figure) or origins.get("*")
    return known or Origin(source="not stated", date="", confidence="low")


@dataclass(frozen=True, slots=True, kw_only=True)
class Accelerator:
    """A training accelerator.

    ``all_in_w``: IT watts per accelerator including host, fabric share and cooling fans (PUE comes on top).
    ``peak_tflops``: dense BF16. ``scale_out_gbps``: one direction, per accelerator. Not published for every one, then
    ``None``: ``peak_fp8_tflops`` (dense), ``hbm_gb`` and ``hbm_tb_per_s`` of its high-bandwidth memory,
    ``scale_up_gb_per_s`` gigabytes per second and direction to its neighbors, ``chip_w`` of the module alone,
    ``host_accelerators`` that share a host.
    """

    id: str
    name: str
    all_in_w: float
    cost_usd: float
    peak_tflops: float
    scale_out_gbps: float
    origins: Mapping[str, Origin] = field(default_factory=dict)
    peak_fp8_tflops: float | None = None
    hbm_gb: float | None = None
    hbm_tb_per_s: float | None = None
    scale_up_gb_per_s: float | None = None
    chip_w: float | None = None
    host_accelerators: int | None = None

    def __post_init__(self) -> None:
        require_id(self.id, field="accelerator.id")
        require_number(self.all_in_w, field="all_in_w", above=0)
        require_number(self.cost_usd, field="cost_usd", at_least=0)
        require_number(self.peak_tflops, field="peak_tflops", above=0)
        require_number(self.scale_out_gbps, field="scale_out_gbps", above=0)
        for name in ("peak_fp8_tflops", "hbm_gb", "hbm_tb_per_s", "scale_up_gb_per_s", "chip_w"):
            if getattr(self, name) is not None:
                require_number(getattr(self, name), field=name, above=0)
        if self.host_accelerators is not None:
            require_number(self.host_accelerators, field="host_accelerators", at_least=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """A packet switch of a fabric: ``radix`` ports of ``port_gbps`` each (one direction).

    ``failures_per_year``: expected failures of one in a year that need a spare.
    """

    id: str
    name: str
    radix: int
    port_gbps: float
    cost_usd: float
    power_w: float
    latency_ns: float
    failures_per_year: float = 0.0
    origins: Mapping[str, Origin] = field(default_factory=dict)

    def __post_init__(self) -> None:
        require_id(self.id, field="switch.id")
        for name in ("radix", "port_gbps"):
            require_number(getattr(self, name), field=name, above=0)
        for name in ("cost_usd", "power_w", "latency_ns", "failures_per_year"):
            require_number(getattr(self, name), field=name, at_least=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class CableClass:
    """Links of a fabric up to ``reach_m``: what one is made of, and cost and watts of its cable.

    A link of medium ``optics`` is one cable and two modules of the catalogue (``module``), one of ``ocs`` two cables,
    from either end to the optical circuit switch, and two modules; of every other medium one cable whose ends are built
    in. A cable costs ``cost_usd`` and ``usd_per_m`` for each metre; ``power_w`` is that of both ends where built in.
    ``strands``: fibers in one cable.
    ``fec_ns``: error correction of one link beyond what the figures of switches and adapters contain.
    """

    id: str
    name: str
    reach_m: float
    port_gbps: float
    cost_usd: float
    power_w: float
    fec_ns: float = 0.0
    medium: CableMedium = "copper"
    module: str = ""
    strands: int = 0
    usd_per_m: float = 0.0
    failures_per_year: float = 0.0
    origins: Mapping[str, Origin] = field(default_factory=dict)

    def __post_init__(self) -> None:
        require_id(self.id, field="cable.id")
        require(
            self.medium in get_args(CableMedium),
            field="cable.medium",
            value=self.medium,
            limit=f"one of {', '.join(get_args(CableMedium))}",
            remedy="choose one of these",
        )
        has_modules = self.medium in ("optics", "ocs")
        require(
            bool(self.module) == has_modules,
            field="cable.module",
            value=self.module,
            limit=f"{'given' if has_modules else 'left out'} for medium {self.medium}",
            remedy="name the module at both ends of optics and ocs, and of no other medium",
        )
        for name in ("reach_m", "port_gbps"):
            require_number(getattr(self, name), field=name, above=0)
        for name in ("cost_usd", "power_w", "fec_ns", "strands", "usd_per_m", "failures_per_year"):
            require_number(getattr(self, name), field=name, at_least=0)

    @property
    def is_optical(self) -> bool:
        return self.medium in ("active_optical", "optics", "ocs")

    @property
    def cables_per_link(self) -> int:
        return 2 if self.medium == "ocs" else 1


@dataclass(frozen=True, slots=True, kw_only=True)
class OpticalModule:
    """A pluggable transceiver of grey optics at one end of a link inside a site."""

    id: str
    name: str
    port_gbps: float
    cost_usd: float
    power_w: float
    failures_per_year: float = 0.0
    origins: Mapping[str, Origin] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _require_part(self, field="module")


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkAdapter:
    """A network adapter of one port between an accelerator and a switched fabric."""

    id: str
    name: str
    port_gbps: float
    cost_usd: float
    power_w: float
    failures_per_year: float = 0.0
    origins: Mapping[str, Origin] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _require_part(self, field="adapter")


@dataclass(frozen=True, slots=True, kw_only=True)
class CircuitSwitch:
    """An optical circuit switch: ``ports`` fiber ports, ``spare_ports`` of them kept for tests and repair.

    A path through it joins two ports. It passes light of any rate and adds no packet latency.
    """

    id: str
    name: str
    ports: int
    spare_ports: int
    cost_usd: float
    power_w: float
    failures_per_year: float = 0.0
    origins: Mapping[str, Origin] = field(default_factory=dict)

    def __post_init__(self) -> None:
        require_id(self.id, field="ocs.id")
        require_number(self.ports, field="ports", at_least=2)
        require_number(self.spare_ports, field="spare_ports", at_least=0, at_most=self.ports - 2)
        for name in ("cost_usd", "power_w", "failures_per_year"):
            require_number(getattr(self, name), field=name, at_least=0)


def _require_part(part: OpticalModule | NetworkAdapter, *, field: str) -> None:
    require_id(part.id, field=f"{field}.id")
    require_number(part.port_gbps, field="port_gbps", above=0)
    for name in ("cost_usd", "power_w", "failures_per_year"):
        require_number(getattr(part, name), field=name, at_least=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class TransceiverMode:
    """A coherent transceiver in one operating mode; cost and watts of one module (one end of a lightpath).

    ``required_osnr_db`` is the GSNR that the receiver needs in 0.1 nm, ``width_ghz`` the spectrum it occupies,
    ``max_dispersion_ps_nm`` the chromatic dispersion it compensates, ``max_spans`` a standard's limit (0: none),
    ``max_pmd_ps`` the polarization mode dispersion it bears (0: no limit is stated).
    ``reach_km``, where given, was measured: a transparent stretch of any fiber holds up to that length, and neither
    GSNR nor any other limit decides. ``catalog`` is the set of modes that it belongs to.
    """

    id: str
    name: str
    rate_gbps: float
    baud_gbd: float
    width_ghz: float
    required_osnr_db: float
    tx_osnr_db: float
    max_dispersion_ps_nm: float
    max_km: float
    max_spans: int
    latency_us: float
    cost_usd: float
    power_w: float
    max_pmd_ps: float = 0.0
    origins: Mapping[str, Origin] = field(default_factory=dict)
    reach_km: float | None = None
    catalog: ModeCatalog = "standard"

    def __post_init__(self) -> None:
        require_id(self.id, field="transceiver.id")
        if self.reach_km is not None:
            require_number(self.reach_km, field="reach_km", above=0, at_most=MOST_REACH_KM)
        for name in ("rate_gbps", "baud_gbd", "width_ghz", "required_osnr_db", "tx_osnr_db", "max_dispersion_ps_nm"):
            require_number(getattr(self, name), field=name, above=0)
        require_number(self.max_km, field="max_km", above=0)
        for name in ("max_spans", "latency_us", "cost_usd", "power_w", "max_pmd_ps"):
            require_number(getattr(self, name), field=name, at_least=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class GreyOptic:
    """A transceiver that fills whole fibers from end to end, without line system; cost and watts of one module.

    ``reach_km`` is the standard's, over G.652 fiber; ``fiber_pairs`` are those that one module takes.
    """

    id: str
    name: str
    rate_gbps: float
    reach_km: float
    fiber_pairs: int
    latency_us: float
    cost_usd: float
    power_w: float
    origins: Mapping[str, Origin] = field(default_factory=dict)

    def __post_init__(self) -> None:
        require_id(self.id, field="grey_optic.id")
        require_number(self.rate_gbps, field="rate_gbps", above=0)
        require_number(self.reach_km, field="reach_km", above=0, at_most=MOST_REACH_KM)
        require_number(self.fiber_pairs, field="fiber_pairs", at_least=1, at_most=1000)
        for name in ("latency_us", "cost_usd", "power_w"):
            require_number(getattr(self, name), field=name, at_least=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class LineSystem:
    """Amplified line system of one fiber pair: a terminal at each end of a segment, amplifiers between spans.

    ``sub_bands``: equal parts of the band with amplifiers of their own; no channel lies across two.
    ``terminal_loss_db`` is what a node's ROADM or multiplexers take between the preamplifier of one segment, or the
    transmitter, and the booster of the next, which makes up for it; by default that of the express path in GNPy's
    example of a detailed ROADM. ``terminal_pmd_ps`` and ``amplifier_pmd_ps`` are the polarization mode dispersion of a
    node and of an in-line amplifier; by default the most that OpenROADM allows.
    """

    id: str
    name: str
    band_ghz: float
    terminal_cost_usd: float
    terminal_power_w: float
    amplifier_cost_usd: float
    amplifier_power_w: float
    noise_figure_db: float
    max_total_power_dbm: float
    connector_loss_db: float
    sub_bands: int = 1
    terminal_loss_db: float = 16.5
    terminal_pmd_ps: float = 3.0
    amplifier_pmd_ps: float = 3.0
    origins: Mapping[str, Origin] = field(default_factory=dict)

    def __post_init__(self) -> None:
        require_id(self.id, field="line_system.id")
        require_number(self.band_ghz, field="band_ghz", above=0)
        for name in ("terminal_cost_usd", "terminal_power_w", "amplifier_cost_usd", "amplifier_power_w"):
            require_number(getattr(self, name), field=name, at_least=0)
        require_number(self.noise_figure_db, field="noise_figure_db", at_least=3, at_most=20)
        require_number(self.max_total_power_dbm, field="max_total_power_dbm", at_most=40)
        require_number(self.connector_loss_db, field="connector_loss_db", at_least=0, at_most=10)
        require_number(self.sub_bands, field="sub_bands", at_least=1, at_most=16)
        require_number(self.terminal_loss_db, field="terminal_loss_db", at_least=0, at_most=40)
        for name in ("terminal_pmd_ps", "amplifier_pmd_ps"):
            require_number(getattr(self, name), field=name, at_least=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class FiberKind:
    """Physics of a fiber type at 1550 nm.

    ``dispersion_ps_nm_km`` has a sign, negative for dispersion-compensating and some submarine fiber.
    ``pmd_ps_sqrt_km``: polarization mode dispersion in ps per square root of km; by default that of every fiber of
    GNPy's equipment library.
    """

    id: str
    name: str
    loss_db_per_km: float
    dispersion_ps_nm_km: float
    effective_area_um2: float
    nonlinear_index_m2_w: float
    group_index: float
    pmd_ps_sqrt_km: float = 0.04
    origins: Mapping[str, Origin] = field(default_factory=dict)

    def __post_init__(self) -> None:
        require_id(self.id, field="fiber.id")
        for name in ("loss_db_per_km", "effective_area_um2", "group_index"):
            require_number(getattr(self, name), field=name, above=0)
        require_number(self.dispersion_ps_nm_km, field="dispersion_ps_nm_km")
        require(
            self.dispersion_ps_nm_km != 0,
            field="dispersion_ps_nm_km",
            value=self.dispersion_ps_nm_km,
            limit="other than 0",
            remedy="the Gaussian-noise model needs dispersion; give a small value of either sign",
        )
        for name in ("nonlinear_index_m2_w", "pmd_ps_sqrt_km"):
            require_number(getattr(self, name), field=name, at_least=0)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class HutKind:
    """A hut of in-line amplifiers.

    ``pue`` is the power fed in over that of the amplifiers, cooling included. Amplifier places of one conduit within
    ``sharing_km`` of each other share a hut. ``build_cost_usd``: a new one with its power feed.
    """

    id: str
    name: str
    pue: float
    sharing_km: float
    build_cost_usd: float
    origins: Mapping[str, Origin] = field(default_factory=dict)

    def __post_init__(self) -> None:
        require_id(self.id, field="hut.id")
        require_number(self.pue, field="pue", at_least=1, at_most=10)
        require_number(self.sharing_km, field="sharing_km", at_least=0, at_most=100)
        require_number(self.build_cost_usd, field="build_cost_usd", at_least=0)


Equipment = (
    Accelerator
    | Switch
    | CableClass
    | OpticalModule
    | NetworkAdapter
    | CircuitSwitch
    | TransceiverMode
    | GreyOptic
    | LineSystem
    | FiberKind
    | Reliability
    | HutKind
)


@dataclass(frozen=True, kw_only=True)
class Catalog:
    """All equipment by id, after a scenario's overrides. ``transceivers`` are the modes of all sets of modes."""

    accelerators: tuple[Accelerator, ...]
    switches: tuple[Switch, ...]
    cables: tuple[CableClass, ...]
    transceivers: tuple[TransceiverMode, ...]
    line_systems: tuple[LineSystem, ...]
    fibers: tuple[FiberKind, ...]
    grey_optics: tuple[GreyOptic, ...] = ()
    reliabilities: tuple[Reliability, ...] = ()
    huts: tuple[HutKind, ...] = ()
    modules: tuple[OpticalModule, ...] = ()
    adapters: tuple[NetworkAdapter, ...] = ()
    circuit_switches: tuple[CircuitSwitch, ...] = ()

    def modes_of(self, catalog: ModeCatalog) -> tuple[TransceiverMode, ...]:
        """The modes of one set, by id."""
        return tuple(mode for mode in self.transceivers if mode.catalog == catalog)

    @cached_property
    def _by_key(self) -> Mapping[str, Equipment]:
        tables: Mapping[str, tuple[Equipment, ...]] = {
            "accelerator": self.accelerators,
            "switch": self.switches,
            "cable": self.cables,
            "transceiver": self.transceivers,
            "grey_optic": self.grey_optics,
            "line_system": self.line_systems,
            "fiber": self.fibers,
            "reliability": self.reliabilities,
            "hut": self.huts,
            "module": self.modules,
            "adapter": self.adapters,
            "ocs": self.circuit_switches,
        }
        return {f"{table}.{item.id}": item for table, items in tables.items() for item in items}

    def accelerator(self, item_id: str) -> Accelerator:
        item = self._get("accelerator", item_id)
        assert isinstance(item, Accelerator)
        return item

    def switch(self, item_id: str) -> Switch:
        item = self._get("switch", item_id)
        assert isinstance(item, Switch)
        return item

    def cable(self, item_id: str) -> CableClass:
        item = self._get("cable", item_id)
        assert isinstance(item, CableClass)
        return item

    def transceiver(self, item_id: str) -> TransceiverMode:
        item = self._get("transceiver", item_id)
        assert isinstance(item, TransceiverMode)
        return item

    def grey_optic(self, item_id: str) -> GreyOptic:
        item = self._get("grey_optic", item_id)
        assert isinstance(item, GreyOptic)
        return item

    def line_system(self, item_id: str) -> LineSystem:
        item = self._get("line_system", item_id)
        assert isinstance(item, LineSystem)
        return item

    def fiber(self, item_id: str) -> FiberKind:
        item = self._get("fiber", item_id)
        assert isinstance(item, FiberKind)
        return item

    def reliability(self, item_id: str = "default") -> Reliability:
        item = self._get("reliability", item_id)
        assert isinstance(item, Reliability)
        return item

    def hut(self, item_id: str = "default") -> HutKind:
        item = self._get("hut", item_id)
        assert isinstance(item, HutKind)
        return item

    def module(self, item_id: str) -> OpticalModule:
        item = self._get("module", item_id)
        assert isinstance(item, OpticalModule)
        return item

    def adapter(self, item_id: str) -> NetworkAdapter:
        item = self._get("adapter", item_id)
        assert isinstance(item, NetworkAdapter)
        return item

    def ocs(self, item_id: str) -> CircuitSwitch:
        item = self._get("ocs", item_id)
        assert isinstance(item, CircuitSwitch)
        return item

    def _get(self, table: str, item_id: str) -> object:
        try:
            return self._by_key[f"{table}.{item_id}"]
        except KeyError:
            known = sorted(key.removeprefix(f"{table}.") for key in self._by_key if key.startswith(f"{table}."))
            raise NotFound(
                f"no {table} {item_id!r} in the catalogue; known: {', '.join(known)}",
                reason="EQUIPMENT_UNKNOWN",
                metadata={"id": item_id},
            ) from None
