"""Equipment between sites: transceivers, line systems, fiber, huts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from topodesign.domain.checks import require, require_id, require_number
from topodesign.domain.origin import Origin
from topodesign.domain.ranges import MOST_REACH_KM

ModeCatalog = Literal["standard", "flexwan"]
"""Sets of transceiver modes: those of public standards, whose reach the line model gives; FlexWAN's, measured."""


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
