"""Optical lines as data: one line as spans in order, and many lines of one comb as arrays."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from topodesign.domain.checks import require, require_number
from topodesign.domain.equipment import FiberKind
from topodesign.optics.amplifiers import OsnrPolynomial
from topodesign.optics.gaussian_noise import Comb, Floats

Whole = npt.NDArray[np.int64]

Launch = Literal["best_per_span", "best_per_line"] | float
"""Power per channel into each span, before its connector; always flat over the channels.

``"best_per_span"``: every span has a power of its own, the one at which its noise on the worst channel is least. As
noise adds over spans, no other choice of one power per span gives the worst channel of the line a better GSNR.
``"best_per_line"``: one power for all spans, the one at which the line's noise on the worst channel is least.
Both stop at the amplifiers' total power shared by all channels, and results say so. A number: dBm per channel into
every span; one that the amplifiers cannot give is an error.
"""

MOST_LENGTH_KM = 40_000.0
"""Once around the Earth; a longer line is a mistake of units."""

MOST_SPAN_LOSS_DB = 2_500.0
"""Far beyond any span; what keeps powers within the range of floating-point numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Fiber between two amplifiers. ``connector_loss_db`` counts both ends; the amplifier is the one behind it.

    ``noise_figure_db``: a polynomial, where the amplifier is specified so, takes a line of given launch power.
    ``padding_db`` is of an attenuator in front of the fiber.
    """

    fiber: FiberKind
    length_km: float
    connector_loss_db: float
    noise_figure_db: float | OsnrPolynomial
    padding_db: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminal:
    """What stands in front of a line: a node's loss, and the booster that makes up for it.

    ``loss_db`` is that of the ROADM or multiplexers between the preamplifier of the line before, or the transmitter,
    and the booster. Light comes in at the launch power of the line, as the preamplifier before turns to it.
    """

    loss_db: float
    noise_figure_db: float

    def __post_init__(self) -> None:
        require_number(self.loss_db, field="terminal.loss_db", at_least=0, at_most=40)
        require_number(self.noise_figure_db, field="terminal.noise_figure_db", at_least=0, at_most=20)


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeNoise:
    """OSNR in dB (0.1 nm) that one node alone would leave: the ROADM or multiplexer at either end, and an express node.

    For nodes that are specified so; :class:`Terminal` derives a node's noise from its loss. ``None``: no such noise.
    OpenROADM's optical specification 9.0 has 33 dB for a colorless add.
    """

    end_osnr_db: float | None = None
    express_osnr_db: float | None = None

    def __post_init__(self) -> None:
        for name in ("end_osnr_db", "express_osnr_db"):
            if getattr(self, name) is not None:
                require_number(getattr(self, name), field=name, at_least=0, at_most=100)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Spans in order, and the express nodes on the way."""

    spans: tuple[Span, ...]
    express_nodes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lines:
    """Lines that share comb, launch policy and amplifiers' power; spans of all lines one after another.

    Parameters
    ----------
    comb : Comb
    max_total_power_dbm : float
        Most that an amplifier puts out over all channels, at most 40 dBm.
    fibers : tuple of FiberKind
    span_counts : array of int, shape (lines,)
        Spans of each line, at least one.
    length_km, connector_loss_db, noise_figure_db : array of float, shape (spans,)
        Of every span; connectors of both ends together, the noise figure of the amplifier behind.
    fiber_index : array of int, shape (spans,)
        Position of the span's fiber in ``fibers``.
    express_nodes : array of int, shape (lines,)
    launch : Launch
    node_noise : NodeNoise
    terminal : Terminal, optional
        In front of every line; by default light comes in without any noise.
    padding_db : array of float, shape (spans,)
        Of attenuators in front of the fibers; empty: none.

    Raises
    ------
    InvalidInput
        For a length that is not positive, a line beyond 40,000 km, a span beyond 2,500 dB, a figure that is not finite
        or out of range, arrays that do not fit together, or a launch power that exceeds ``max_total_power_dbm``.
    """

    comb: Comb
    max_total_power_dbm: float
    fibers: tuple[FiberKind, ...]
    span_counts: Whole
    length_km: Floats
    fiber_index: Whole
    connector_loss_db: Floats
    noise_figure_db: Floats
    express_nodes: Whole
    launch: Launch = "best_per_span"
    node_noise: NodeNoise = field(default_factory=NodeNoise)
    terminal: Terminal | None = None
    padding_db: Floats = field(default_factory=lambda: np.zeros(0))

    def __post_init__(self) -> None:
        if np.size(self.padding_db) == 0:
            object.__setattr__(self, "padding_db", np.zeros(np.shape(self.length_km)))
        for name in ("span_counts", "fiber_index", "express_nodes"):
            object.__setattr__(self, name, _whole_numbers(name, getattr(self, name)))
        for name in ("length_km", "connector_loss_db", "noise_figure_db", "padding_db"):
            object.__setattr__(self, name, np.array(getattr(self, name), dtype=np.float64))
            getattr(self, name).setflags(write=False)
        self._check_shapes()
        _require_all("length_km", self.length_km, self.length_km > 0, "greater than 0 km", "drop or correct the span")
        total = np.add.reduceat(self.length_km, self.first_spans)
        _require_all("line_length_km", total, total <= MOST_LENGTH_KM, "at most 40,000 km", "check that it is in km")
        for name, most in (("connector_loss_db", 10.0), ("noise_figure_db", 20.0), ("padding_db", 40.0)):
            values = getattr(self, name)
            inside = (values >= 0) & (values <= most)
            _require_all(name, values, inside, f"in [0, {most:g}] dB", "give a value in that range")
        loss = self.span_loss_db
        limit = f"at most {MOST_SPAN_LOSS_DB:g} dB"
        _require_all("span_loss_db", loss, loss <= MOST_SPAN_LOSS_DB, limit, "shorten the span or lower its loss")
        self._check_launch()

    @classmethod
    def of(
        cls,
        lines: Sequence[Line],
        comb: Comb,
        *,
        max_total_power_dbm: float,
        launch: Launch = "best_per_span",
        node_noise: NodeNoise | None = None,
        terminal: Terminal | None = None,
    ) -> "Lines":
        """The lines' spans as arrays.

        Raises
        ------
        InvalidInput
            As on construction, and for an amplifier given as a polynomial where the launch power is not given.
        """
        spans = [span for line in lines for span in line.spans]
        # the model's work grows with the kinds of fiber, so equal figures are one kind whatever the object; identity
        # first, because comparing figures for every span would take longer than the model itself
        objects = {id(span.fiber): span.fiber for span in spans}
        kinds: dict[tuple[float, ...], int] = {}
        position = {key: kinds.setdefault(_figures(fiber), len(kinds)) for key, fiber in objects.items()}
        fibers = {position[key]: fiber for key, fiber in objects.items()}
        return cls(
            comb=comb,
            max_total_power_dbm=max_total_power_dbm,
            fibers=tuple(fibers[kind] for kind in range(len(kinds))),
            span_counts=np.array([len(line.spans) for line in lines], dtype=np.int64),
            length_km=np.array([span.length_km for span in spans], dtype=np.float64),
            fiber_index=np.array([position[id(span.fiber)] for span in spans], dtype=np.int64),
            connector_loss_db=np.array([span.connector_loss_db for span in spans], dtype=np.float64),
            noise_figure_db=np.array([_noise_figure_db(span, comb, launch) for span in spans], dtype=np.float64),
            # no type given: a count that is not whole must be refused, not rounded
            express_nodes=np.array([line.express_nodes for line in lines] or np.zeros(0, dtype=np.int64)),
            launch=launch,
            node_noise=node_noise or NodeNoise(),
            terminal=terminal,
            padding_db=np.array([span.padding_db for span in spans], dtype=np.float64),
        )

    @property
    def first_spans(self) -> Whole:
        """Index of each line's first span, shape (lines,)."""
        return np.cumsum(self.span_counts) - self.span_counts

    @property
    def span_loss_db(self) -> Floats:
        """Loss of fiber, connectors and padding of every span, shape (spans,)."""
        return self.length_km * self.of_fibers("loss_db_per_km") + self.connector_loss_db + self.padding_db

    @property
    def most_per_channel_w(self) -> float:
        """The amplifiers' total power shared by all channels, in watts."""
        return float(10 ** (self.max_total_power_dbm / 10)) * 1e-3 / self.comb.channels

    def of_fibers(self, figure: str) -> Floats:
        """A figure of every span's fiber, shape (spans,)."""
        return np.array([getattr(fiber, figure) for fiber in self.fibers], dtype=np.float64)[self.fiber_index]

    def _check_shapes(self) -> None:
        counts = self.span_counts
        require(counts.size > 0, field="lines", value=counts.size, limit="at least one line", remedy="give one")
        _require_all("span_counts", counts, counts >= 1, "at least 1", "give every line a span")
        nodes = self.express_nodes
        _require_all("express_nodes", nodes, (nodes >= 0) & (nodes <= 10_000), "in [0, 10,000]", "correct the count")
        sizes = {"express_nodes": counts.shape}
        sizes |= dict.fromkeys(
            ("length_km", "fiber_index", "connector_loss_db", "noise_figure_db", "padding_db"), (int(counts.sum()),)
        )
        for name, shape in sizes.items():
            found = getattr(self, name).shape
            require(
                found == shape, field=name, value=found, limit=f"of shape {shape}", remedy="give one value for each"
            )
        known = (self.fiber_index >= 0) & (self.fiber_index < len(self.fibers))
        _require_all("fiber_index", self.fiber_index, known, f"in [0, {len(self.fibers) - 1}]", "name a fiber given")

    def _check_launch(self) -> None:
        require_number(self.max_total_power_dbm, field="max_total_power_dbm", at_least=-300, at_most=40)
        if isinstance(self.launch, str):
            known = ("best_per_span", "best_per_line")
            require(self.launch in known, field="launch", value=self.launch, limit=f"one of {known}", remedy="name one")
            return
        require_number(self.launch, field="launch", at_least=-100)
        total = self.launch + 10 * np.log10(self.comb.channels)
        require(
            bool(total <= self.max_total_power_dbm + 1e-9),
            field="launch",
            value=self.launch,
            limit=f"at most {self.max_total_power_dbm:g} dBm over {self.comb.channels} channels, not {total:.2f} dBm",
            remedy="lower the launch power, or let the model choose it",
        )


def _noise_figure_db(span: Span, comb: Comb, launch: Launch) -> float:
    """Of the amplifier behind a span, at the power that comes in where it is specified by that."""
    amplifier = span.noise_figure_db
    if not isinstance(amplifier, OsnrPolynomial):
        return amplifier
    if isinstance(launch, str):
        # the noise then depends on the power, whose best value has no closed form
        require(
            False,
            field="launch",
            value=launch,
            limit="a power in dBm where an amplifier is given as a polynomial",
            remedy="give the launch power that the specification of the amplifier goes with",
        )
    loss_db = span.length_km * span.fiber.loss_db_per_km + span.connector_loss_db + span.padding_db
    return amplifier.noise_figure_db(input_dbm=float(launch) - loss_db, spacing_ghz=comb.spacing_ghz)


def _figures(fiber: FiberKind) -> tuple[float, ...]:
    """The figures by which the model tells fibers apart."""
    return (
        fiber.loss_db_per_km,
        fiber.dispersion_ps_nm_km,
        fiber.effective_area_um2,
        fiber.nonlinear_index_m2_w,
        fiber.pmd_ps_sqrt_km,
    )


def _whole_numbers(name: str, values: npt.ArrayLike) -> Whole:
    found = np.array(values)
    require(
        found.dtype.kind in "iu",
        field=name,
        value=str(found.dtype),
        limit="whole numbers",
        remedy="give integers",
    )
    whole = found.astype(np.int64)
    whole.setflags(write=False)
    return whole


def _require_all(name: str, values: Floats | Whole, good: npt.NDArray[np.bool_], limit: str, remedy: str) -> None:
    """Refuse the first value that is not good; NaN compares false, hence never is, but infinities need the limit."""
    bad = np.flatnonzero(~(good & np.isfinite(values)))
    if bad.size:
        place = int(bad[0])
        require(False, field=f"{name}[{place}]", value=values[place].item(), limit=limit, remedy=remedy)
