"""Equipment inside a site: accelerators, and what joins them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from topodesign.domain.checks import require, require_id, require_number
from topodesign.domain.origin import Origin

CableMedium = Literal["copper", "active_copper", "active_optical", "optics", "ocs", "trace", "backplane"]
"""``optics``: pluggable modules and patch fiber. ``ocs``: the same, by way of an optical circuit switch. ``trace`` and
``backplane``: built into boards and racks of accelerators."""


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
