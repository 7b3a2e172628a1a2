"""Every key of ``scenario.toml`` in words: unit, range, default and meaning.

Names, types, defaults and words to choose from are those of the domain objects that the reader builds, so they cannot
differ from what it takes. Units, ranges and meanings are told here; tests hold the ranges against the reader.
"""

import dataclasses
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin, get_type_hints

from topodesign.domain.errors import InternalError
from topodesign.scenario.settings import FABRICS, GENERAL, SECTIONS

INTERVAL = re.compile(r"([\[(])(\S+), (\S+)([\])])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A range of numbers; an end that does not belong to it is open."""

    low: float
    high: float
    is_low_open: bool
    is_high_open: bool

    @classmethod
    def parse(cls, text: str) -> "Interval":
        """From the usual notation: ``(0, 1]`` is above 0 and at most 1."""
        match = INTERVAL.fullmatch(text)
        if match is None:
            raise InternalError(f"{text!r} is no interval; write it like (0, 1]")
        return cls(low=float(match[2]), high=float(match[3]), is_low_open=match[1] == "(", is_high_open=match[4] == ")")

    def __str__(self) -> str:
        low = "" if math.isinf(self.low) else f"{'above' if self.is_low_open else 'at least'} {_short(self.low)}"
        high = "" if math.isinf(self.high) else f"{'below' if self.is_high_open else 'at most'} {_short(self.high)}"
        return " and ".join(part for part in (low, high) if part)


def _short(number: float) -> str:
    return f"{number:g}".replace("e+", "e")


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingKey:
    """One key. ``section`` is empty at the top of the file; ``default`` is ``None`` where nothing is set.

    ``kind`` is what TOML has there: ``number``, ``whole number``, ``text`` or ``list of text``. ``choices`` are the
    only words that are taken, none where any is. ``example`` is a value that the reader takes.
    """

    section: str
    name: str
    kind: str
    default: object
    unit: str
    interval: Interval | None
    choices: tuple[str, ...]
    meaning: str
    example: object

    @property
    def path(self) -> str:
        """As problems name it: ``policy.max_sites``."""
        return f"{self.section}.{self.name}" if self.section else self.name


@dataclass(frozen=True, slots=True)
class _Told:
    """What the domain objects do not say of a key; ``example`` where the default is none."""

    meaning: str
    unit: str = ""
    interval: str = ""
    example: object = None


_TOLD: Mapping[str, _Told] = {
    "name": _Told("Name of the scenario; by default that of its folder", example="two-campus"),
    "attribution": _Told("Whose data this is; carried to every map and file"),
    "cost_year": _Told("Year whose money all prices are in", "year"),
    "workload.parameters": _Told("Parameters of the model in all", "count", "(0, 1e18]"),
    "workload.active_parameters": _Told(
        "Parameters that one token uses, of a mixture of experts; at most all, which is the default",
        "count",
        "(0, 1e18]",
        example=1e11,
    ),
    "workload.bits_per_element": _Told("Size of one exchanged gradient", "bit", "(0, 1024]"),
    "workload.method": _Told("How sites train together"),
    "workload.inner_steps": _Told("Steps between exchanges (H)", "steps", "[1, 1e9]"),
    "workload.global_batch_tokens": _Told("Tokens of one global step", "tokens", "(0, 1e15]"),
    "workload.sync_time_s": _Told(
        "Target for one all-reduce between sites; give this or utilization", "s", "(0, 3.2e8]", example=1.0
    ),
    "workload.utilization": _Told(
        "Target for the share of time spent computing; give this or sync_time_s", "share", "(0, 1)", example=0.95
    ),
    "workload.wan_goodput_factor": _Told("Usable share of the line rate between sites", "share", "(0, 1]"),
    "workload.demand": _Told(
        "What sets the bandwidth between sites: the all-reduce, demand.csv (matrix), or hose_gbps of sites (hose)"
    ),
    "workload.model": _Told("Id of a catalogue model that fills in what is left out here", example="llama-3-405b"),
    "workload.layers": _Told("Layers of the model, for what can be exchanged early", "count", "[1, 1e6]", example=126),
    "workload.fragment_layers": _Told("Layers exchanged at a time by streaming", "count", "[1, 1e6]"),
    "workload.overlap_steps": _Told(
        "Steps that go on during an exchange; 0 where synchronous, else at most inner_steps", "steps", "[0, 1e9]"
    ),
    "workload.backward_overlap": _Told("Last share of a step during which gradients are released", "share", "[0, 1]"),
    "workload.flops_utilization": _Told("Share of peak FLOP/s that training reaches in a site", "share", "(0, 1]"),
    "size.accelerator": _Told("Catalogue id (topodesign catalog list accelerator)"),
    "size.fabric": _Told("Network inside a site; auto chooses for each"),
    "size.pod_accelerators": _Told("Accelerators of a pod; whole pods are placed", "count", "[1, 1e9]"),
    "size.accelerators": _Told(
        "Accelerators wanted; give this, power_mw or budget_usd", "count", "(0, 1e9]", example=100_000
    ),
    "size.power_mw": _Told("Power wanted; give this, accelerators or budget_usd", "MW", "(0, 1e7]", example=200.0),
    "size.budget_usd": _Told(
        "Money for as many accelerators as it buys; give this, accelerators or power_mw",
        "USD",
        "(0, 1e16]",
        example=2e9,
    ),
    "policy.min_sites": _Told("Fewest sites", "count", "[1, inf]"),
    "policy.max_sites": _Told("Most sites, at least min_sites; by default no limit", "count", "[1, inf]", example=8),
    "policy.max_rtt_ms": _Told("Longest round trip between any two used sites", "ms", "(0, inf]"),
    "policy.survive": _Told("Failures, one at a time, that must leave survivable_fraction of the bandwidth"),
    "policy.survivable_fraction": _Told("Share of the bandwidth that is left after such a failure", "share", "[0, 1]"),
    "policy.max_zone_share": _Told("Largest share of all pods in one power zone", "share", "(0, 1]"),
    "policy.max_utility_share": _Told("Largest share of all pods with one utility", "share", "(0, 1]"),
    "policy.carbon_t_per_year": _Told("Most CO2 of a year", "t", "[0, inf]"),
    "policy.budget_usd": _Told(
        "Money, accelerators included, for the quickest all-reduce; beside size.accelerators or size.power_mw",
        "USD",
        "(0, 1e16]",
        example=5e9,
    ),
    "economics.horizon_years": _Told("Years that costs are added up over", "years", "[1, 100]"),
    "economics.discount_rate": _Told("Discount rate of a year", "share", "(-1, 1]"),
    "economics.carbon_usd_per_t": _Told("Price of CO2", "USD/t", "[0, 1e10]"),
    "economics.load_factor": _Told("Mean over rated power", "share", "[0, 1]"),
    "optics.margin_db": _Told("Margin that every lightpath keeps", "dB", "[0, 30]"),
    "optics.span_km": _Told("Longest fiber between two amplifiers", "km", "(0, 200]"),
    "optics.grid_ghz": _Told(
        "Channel widths are rounded up to multiples of it; by default each mode has its own", "GHz", "(0, 4800]", 75.0
    ),
    "optics.band": _Told("Amplified band of the fiber"),
    "optics.modes": _Told('Catalogue ids of the transceiver modes allowed; "*" is all of them'),
    "optics.catalog": _Told("Set of transceiver modes"),
    "training.write_s": _Told("Time to write a checkpoint", "s", "[0, 3.2e8]"),
    "training.restart_s": _Told("Time to train again after an interruption", "s", "[0, 3.2e8]"),
    "training.reform_s": _Told("Standstill when a site leaves or comes back", "s", "[0, 3.2e8]"),
    "training.jitter_s": _Told("Standard deviation of the step time of a site", "s", "[0, 3.2e8]"),
    "training.recovery": _Told(
        "Way to recover that summaries show; by default the one that keeps the most", example="restart"
    ),
}
_KINDS: Mapping[object, str] = {float: "number", int: "whole number", str: "text"}
_DEFAULTS: Mapping[str, object] = {"name": None, "attribution": "", "cost_year": 2026}


def setting_keys() -> tuple[SettingKey, ...]:
    """Every key of ``scenario.toml``, in the order of its sections; not ``[catalog]``, whose keys are ids."""
    return (*_general_keys(), *(key for name, kind in SECTIONS.items() for key in _keys_of(name, kind)))


def _general_keys() -> Iterator[SettingKey]:
    for name, hint in GENERAL.items():
        yield _key("", name, hint, _DEFAULTS[name])


def _keys_of(section: str, kind: type) -> Iterator[SettingKey]:
    hints = get_type_hints(kind)
    for item in dataclasses.fields(kind):
        yield _key(section, item.name, hints[item.name], item.default)


def _key(section: str, name: str, hint: Any, default: object) -> SettingKey:  # type hints have no type
    path = f"{section}.{name}" if section else name
    told = _TOLD[path]
    inner = next((part for part in get_args(hint) if part is not type(None)), hint)
    bare = hint if get_origin(hint) in (Literal, tuple) else inner
    is_list = get_origin(bare) is tuple
    word = get_args(bare)[0] if is_list else bare
    choices = FABRICS if path == "size.fabric" else get_args(word) if get_origin(word) is Literal else ()
    shown = list(default) if isinstance(default, tuple) else default
    return SettingKey(
        section=section,
        name=name,
        kind="list of text" if is_list else _KINDS.get(bare, "text"),
        default=shown,
        unit=told.unit,
        interval=Interval.parse(told.interval) if told.interval else None,
        choices=tuple(str(choice) for choice in choices),
        meaning=told.meaning,
        example=shown if told.example is None else told.example,
    )
