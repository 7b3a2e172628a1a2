"""Failures inside a fabric: what is asked (which parts fail, how often drawn), and what is answered."""

import re
from dataclasses import dataclass
from typing import Literal, Self, get_args

from topodesign.domain.checks import require, require_number
from topodesign.domain.errors import InvalidInput
from topodesign.domain.fabric_limits import require_count
from topodesign.domain.nearest import meant

FailureKind = Literal["link", "switch", "nic", "host", "ocs", "block"]
FAILURE_KINDS: tuple[FailureKind, ...] = get_args(FailureKind)
MAX_SAMPLES = 10_000
"""Most samples of one set."""
MAX_SETS = 32
"""Most sets of one request."""
MAX_BLOCKS = 1_000_000
"""Most blocks of a pod, and most hosts of a block."""
EACH = "each"
"""In text: every unit of the kind on its own."""
EXAMPLE = "switch=2,link=1%,ocs=1 or ocs=each"


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedUnits:
    """How many units of a kind fail at once: ``count`` of them, or ``share`` of all (rounded, but at least one)."""

    kind: FailureKind
    count: int | None = None
    share: float | None = None

    def __post_init__(self) -> None:
        require(
            self.kind in FAILURE_KINDS,
            field="kind",
            value=self.kind,
            limit=f"one of {', '.join(FAILURE_KINDS)}",
            remedy="choose one of these",
        )
        require(
            (self.count is None) != (self.share is None),
            field=self.kind,
            value=(self.count, self.share),
            limit="either a count or a share",
            remedy="give exactly one of the two",
        )
        if self.count is not None:
            require_number(self.count, field=self.kind, at_least=1, remedy="leave the kind out where nothing fails")
            require(self.count == int(self.count), field=self.kind, value=self.count, limit="whole", remedy="round it")
        if self.share is not None:
            require_number(self.share, field=self.kind, above=0, at_most=1, remedy="give a share such as 1%")

    def of(self, units: int) -> int:
        """Units that fail, of so many."""
        if self.count is not None:
            return int(self.count)
        return max(1, int((self.share or 0.0) * units + 0.5))

    @property
    def text(self) -> str:
        """As it is written, such as ``switch=2`` or ``link=1%``."""
        if self.count is not None:
            return f"{self.kind}={self.count}"
        return f"{self.kind}={100 * (self.share or 0.0):.12g}%"


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureSet:
    """Parts that fail together in every sample; or, when ``enumerated``, every single unit of one kind on its own."""

    parts: tuple[FailedUnits, ...]
    enumerated: bool = False

    def __post_init__(self) -> None:
        require(len(self.parts) > 0, field="failures", value="", limit="at least one kind", remedy=f"give {EXAMPLE}")
        kinds = [part.kind for part in self.parts]
        for kind in kinds:
            require(
                kinds.count(kind) == 1,
                field="failures",
                value=f"{kind} twice",
                limit="every kind at most once in a set",
                remedy="add the numbers up, or make two sets with ; between them",
            )
        if self.enumerated:
            require(
                len(self.parts) == 1 and self.parts[0].count == 1,
                field="failures",
                value=self.text,
                limit="one kind alone where each of its units fails on its own",
                remedy="make two sets with ; between them",
            )

    @property
    def text(self) -> str:
        """As it is written, such as ``switch=2,link=1%`` or ``ocs=each``."""
        if self.enumerated:
            return f"{self.parts[0].kind}={EACH}"
        return ",".join(part.text for part in self.parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureSpec:
    """Sets of failures to look at, each with so many samples.

    Attributes
    ----------
    sets : tuple of FailureSet
    samples : int
        Draws of every set that is not enumerated, 1 to 10,000. Draws are without replacement, all units of a kind
        alike; one draw depends on seed, kind and number of the sample only, so that more failures are a superset.
    seed : int
        From 0.
    accelerators_per_host : int, optional
        Accelerators of one host (server); default: 4 in fabrics without switches (TPU), 8 with switches.
    """

    sets: tuple[FailureSet, ...]
    samples: int = 100
    seed: int = 0
    accelerators_per_host: int | None = None

    def __post_init__(self) -> None:
        require(
            1 <= len(self.sets) <= MAX_SETS,
            field="failures",
            value=f"{len(self.sets)} sets",
            limit=f"1 to {MAX_SETS} sets",
            remedy=f"give {EXAMPLE}",
        )
        require_number(self.samples, field="samples", at_least=1, at_most=MAX_SAMPLES)
        require_number(self.seed, field="seed", at_least=0, at_most=2**63 - 1)
        if self.accelerators_per_host is not None:
            require_number(self.accelerators_per_host, field="accelerators_per_host", at_least=1, at_most=4096)
        for field, value in (("samples", self.samples), ("seed", self.seed)):
            require(value == int(value), field=field, value=value, limit="a whole number", remedy="round it")

    @classmethod
    def parse(cls, text: str, *, samples: int = 100, seed: int = 0, accelerators_per_host: int | None = None) -> Self:
        """Failures from their textual form.

        Parameters
        ----------
        text : str
            ``KIND=NUMBER`` with commas between what fails at once and semicolons between sets. NUMBER is a count, a
            share of all units with ``%``, or ``each`` for every single unit on its own: ``switch=2,link=1%;ocs=each``.

        Raises
        ------
        InvalidInput
            With reason ``FAILURES_INVALID`` for text of another form, ``FIELD_INVALID`` for numbers out of range.
        """
        sets = tuple(_parsed_set(part) for part in text.split(";"))
        return cls(sets=sets, samples=samples, seed=seed, accelerators_per_host=accelerators_per_host)

    @property
    def text(self) -> str:
        """The textual form, which :meth:`parse` reads."""
        return ";".join(one.text for one in self.sets)


def _parsed_set(text: str) -> FailureSet:
    parts = [part.strip() for part in text.split(",")]
    is_enumerated = any(part.partition("=")[2].strip() == EACH for part in parts)
    return FailureSet(parts=tuple(_parsed_part(part) for part in parts), enumerated=is_enumerated)


def _parsed_part(text: str) -> FailedUnits:
    name, _, number = (part.strip() for part in text.partition("="))
    kind = next((kind for kind in FAILURE_KINDS if kind == name), None)
    if kind is None:
        raise _not_read(text, f"{name!r} is none of {', '.join(FAILURE_KINDS)}; {meant(name, FAILURE_KINDS)}")
    if number == EACH:
        return FailedUnits(kind=kind, count=1)
    if re.fullmatch(r"[0-9]{1,9}", number, re.ASCII):
        return FailedUnits(kind=kind, count=int(number))
    if re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,12})?%", number, re.ASCII):
        return FailedUnits(kind=kind, share=float(number[:-1]) / 100)
    raise _not_read(text, f"{number!r} is no count, no share such as 1% and not {EACH}")


def _not_read(text: str, why: str) -> InvalidInput:
    return InvalidInput(
        f"failures has {text!r}, but it must be KIND=NUMBER: {why}; give for example {EXAMPLE}",
        reason="FAILURES_INVALID",
        field_path="failures",
        metadata={"value": text},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """One figure over all outcomes of a set."""

    mean: float
    min: float
    max: float


@dataclass(frozen=True, slots=True, kw_only=True)
class IntervalSpread:
    """A figure that is known as an interval in each outcome: the spread of its lower and of its upper ends.

    ``exact``: the two ends meet in every outcome (to one in a million, where solvers stop).
    """

    lower: Spread
    upper: Spread
    exact: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """``failed`` units of a kind, of ``units`` that there are."""

    kind: FailureKind
    failed: int
    units: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FabricFigures:
    """What a fabric, whole or degraded, offers to its accelerators in service.

    Attributes
    ----------
    in_service : int
        Accelerators of the largest part that is still connected, without those of hosts that are out of service.
    connected_share : float
        Ordered pairs of accelerators with a path, of all ordered pairs of the whole fabric; 1 without pairs.
    disconnected_pairs : int
        The other ordered pairs, those of accelerators out of service included. They are in no other figure.
    links_lost : int
    bisection_lower_gbps, bisection_upper_gbps : float
        Least capacity between halves of the accelerators in service, one direction: the truth is in this interval.
    alltoall_lower_gbps, alltoall_upper_gbps : float
        Uniform all-to-all among the accelerators in service, what each of them sends, fluid.
    diameter_hops : int
        Most links of a shortest path between accelerators in service.
    method : str
        How the intervals were found.
    """

    in_service: int
    connected_share: float
    disconnected_pairs: int
    links_lost: int
    bisection_lower_gbps: float
    bisection_upper_gbps: float
    alltoall_lower_gbps: float
    alltoall_upper_gbps: float
    diameter_hops: int
    method: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureSetReport:
    """All outcomes of one set of failures.

    Attributes
    ----------
    failures : str
        The set in its textual form.
    failed : tuple of Failed
    outcomes : int
        Samples, or the single units of an enumerated set.
    enumerated : bool
        Whether the outcomes are all that there are, so that mean, min and max are not those of a sample.
    worst_outcome : int
        The outcome with the least all-to-all (upper end, then lower end, then share of pairs connected; the first of
        equals): number of the sample, or of the unit.
    """

    failures: str
    failed: tuple[Failed, ...]
    outcomes: int
    enumerated: bool
    in_service: Spread
    connected_share: Spread
    disconnected_pairs: Spread
    links_lost: Spread
    bisection_gbps: IntervalSpread
    alltoall_gbps: IntervalSpread
    diameter_hops: Spread
    worst_outcome: int
    methods: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureReport:
    """A fabric under failures: the figures of the whole fabric, then every set of failures."""

    kind: str
    name: str
    accelerators: int
    seed: int
    whole: FabricFigures
    sets: tuple[FailureSetReport, ...]
    assumptions: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceGoodputRequest:
    """A pod of ``blocks`` of ``hosts_per_block`` hosts, each up with probability ``host_availability``; its slices."""

    blocks: int
    hosts_per_block: int
    slice_blocks: int
    host_availability: float

    def __post_init__(self) -> None:
        require_count(self.blocks, field="blocks", at_most=MAX_BLOCKS)
        require_count(self.hosts_per_block, field="hosts_per_block", at_most=MAX_BLOCKS)
        require_count(self.slice_blocks, field="slice_blocks", at_most=self.blocks)
        require_number(self.host_availability, field="host_availability", at_least=0, at_most=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceGoodput:
    """Share of a pod's accelerators that run jobs, when all jobs are slices of one size; in expectation.

    Attributes
    ----------
    slice_blocks : int
        Blocks that a slice takes.
    block_availability : float
        Probability that all hosts of a block are up.
    with_ocs : float
        Any blocks that are up can be switched together into slices, whatever is left over serves as spares.
    without_ocs : float
        Slices are wired to fixed blocks, and one is lost with any of its blocks.
    """

    slice_blocks: int
    block_availability: float
    with_ocs: float
    without_ocs: float
