"""Noise of one span, and of the booster in front, under a band full of one mode, computed once for equal figures.

A reach model asks for the same span again and again, and so do the models of one scenario after another (relief of an
infeasible one, goals, explanations). The figures that the answer depends on are the key, never a name: two catalogues
whose figures differ cannot meet, and an override that changes nothing costs nothing. One entry takes 0.17 ms to compute
(docs/reach.md), so they stay in memory only.
"""

from dataclasses import dataclass

from topodesign.domain.equipment import FiberKind, LineSystem
from topodesign.optics.gaussian_noise import Comb
from topodesign.optics.line_model import line_quality
from topodesign.optics.lines import Line, Lines, Span, Terminal
from topodesign.processes.remembered import Remembered

MOST_REMEMBERED = 65_536
"""Enough for every mode on some thousand segments of lengths of their own; about 40 MB at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpanContent:
    """All figures that the noise of a span depends on: fiber, line system, span, comb."""

    loss_db_per_km: float
    dispersion_ps_nm_km: float
    effective_area_um2: float
    nonlinear_index_m2_w: float
    connector_loss_db: float
    noise_figure_db: float
    max_total_power_dbm: float
    terminal_loss_db: float
    length_km: float
    baud_gbd: float
    spacing_ghz: float
    channels: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SpanNoise:
    """Noise-to-signal ratios (linear, 0.1 nm): the worst channel's of a span, and that of a booster in front of it."""

    of_span: float
    of_booster: float


NOISE: Remembered[SpanContent, SpanNoise] = Remembered(MOST_REMEMBERED)


def span_noise_to_signal(fiber: FiberKind, system: LineSystem, comb: Comb, length_km: float) -> SpanNoise:
    """Noise of one span at its best launch power, and of the booster that makes up for the terminal's loss."""
    content = SpanContent(
        loss_db_per_km=fiber.loss_db_per_km,
        dispersion_ps_nm_km=fiber.dispersion_ps_nm_km,
        effective_area_um2=fiber.effective_area_um2,
        nonlinear_index_m2_w=fiber.nonlinear_index_m2_w,
        connector_loss_db=system.connector_loss_db,
        noise_figure_db=system.noise_figure_db,
        max_total_power_dbm=system.max_total_power_dbm,
        terminal_loss_db=system.terminal_loss_db,
        length_km=length_km,
        baud_gbd=comb.baud_gbd,
        spacing_ghz=comb.spacing_ghz,
        channels=comb.channels,
    )
    return NOISE.get(content, lambda: _noise_to_signal(content))


def _noise_to_signal(content: SpanContent) -> SpanNoise:
    fiber = FiberKind(
        id="fiber",
        name="",
        loss_db_per_km=content.loss_db_per_km,
        dispersion_ps_nm_km=content.dispersion_ps_nm_km,
        effective_area_um2=content.effective_area_um2,
        nonlinear_index_m2_w=content.nonlinear_index_m2_w,
        group_index=1.0,  # noise does not depend on it, nor on polarization mode dispersion
    )
    span = Span(
        fiber=fiber,
        length_km=content.length_km,
        connector_loss_db=content.connector_loss_db,
        noise_figure_db=content.noise_figure_db,
    )
    comb = Comb(baud_gbd=content.baud_gbd, spacing_ghz=content.spacing_ghz, channels=content.channels)
    lines = Lines.of(
        [Line(spans=(span,))],
        comb,
        max_total_power_dbm=content.max_total_power_dbm,
        terminal=Terminal(loss_db=content.terminal_loss_db, noise_figure_db=content.noise_figure_db),
    )
    quality = line_quality(lines)
    booster = float(quality.booster_noise_to_signal[0])
    return SpanNoise(of_span=float(quality.noise_to_signal.max()) - booster, of_booster=booster)
