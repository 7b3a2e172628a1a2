r"""GSNR, OSNR and dispersion of optical lines, for every channel of the comb and for many lines at once.

A line is a row of spans s, each with an amplifier behind it that makes up for the span's whole loss. On channel i, as a
noise-to-signal ratio in 0.1 nm (12.5 GHz) for launch powers P_s and symbol rate R,

    NSR_i = 12.5 GHz / R  [sum_s (ASE_s / P_s + eta_si P_s^2) + ASE_b / P_b] + nodes,      GSNR_i = 1 / NSR_i,

with ASE_s and eta_si of :mod:`topodesign.optics.gaussian_noise` and nodes = 2 / OSNR_end + n / OSNR_express. ASE_b is
of the booster of a terminal in front of the line, where there is one: it makes up for the node's loss and puts out P_b,
the launch power of the first span, or of the last where that is less, so that both directions have at least this GSNR.
OSNR is the same without the nonlinear terms eta. The transmitter's own OSNR is not in it: it belongs to the mode, not
the line.

The best powers are at the zero of the derivative for the worst channel w, where ASE is twice the nonlinear noise:

    per span   P_s^3 = ASE_s / (2 eta_sw),      per line   P^3 = sum_s ASE_s / (2 sum_s eta_sw),

each at most the amplifiers' total power divided by the channels. Chromatic dispersion adds with its sign, polarization
mode dispersion as the root of the sum of squares: PMD^2 = sum_s pmd_s^2 L_s.

References
----------
P. Poggiolini et al., arXiv:1209.0394, eqs. 120 and 123 (see :mod:`topodesign.optics.gaussian_noise`).
"""

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from topodesign.domain.checks import require
from topodesign.domain.equipment import TransceiverMode
from topodesign.optics.gaussian_noise import (
    REFERENCE_BANDWIDTH_HZ,
    Floats,
    amplifier_noise_w,
    comb_factors,
    nonlinear_scale_per_w2,
)
from topodesign.optics.lines import Lines

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LineQuality:
    """What lines give; arrays are read-only. Ratios are in 0.1 nm, without the transmitter.

    ``noise_to_signal``, ``gsnr_db``, ``osnr_db``: shape (lines, channels); the first is 1 / GSNR, linear.
    ``booster_noise_to_signal``: what the booster of the terminal in front has in that, 0 without one; shape (lines,).
    ``worst_channel``: index of each line's channel of lowest GSNR, ``worst_gsnr_db`` its GSNR; shape (lines,).
    ``launch_dbm``: power per channel into each span, ``launch_is_capped``: whether the amplifier's total power holds it
    below the best; shape (spans,), in the order of the spans.
    ``dispersion_ps_nm``, ``pmd_ps``: of whole lines; shape (lines,).
    """

    noise_to_signal: Floats
    gsnr_db: Floats
    osnr_db: Floats
    worst_channel: npt.NDArray[np.int64]
    worst_gsnr_db: Floats
    launch_dbm: Floats
    launch_is_capped: Flags
    dispersion_ps_nm: Floats
    pmd_ps: Floats
    booster_noise_to_signal: Floats

    def __post_init__(self) -> None:
        for item in fields(self):
            getattr(self, item.name).setflags(write=False)

    def dispersion_is_tolerated(self, mode: TransceiverMode) -> Flags:
        """Whether a mode bears each line's dispersion of either sign, and its fibers' PMD where it has a limit."""
        tolerated = np.abs(self.dispersion_ps_nm) <= mode.max_dispersion_ps_nm
        return tolerated & (self.pmd_ps <= mode.max_pmd_ps) if mode.max_pmd_ps else tolerated


def line_quality(lines: Lines) -> LineQuality:
    """Per-channel GSNR and OSNR, launch powers and dispersion of lines.

    Parameters
    ----------
    lines : Lines
        Checked on construction.

    Returns
    -------
    LineQuality

    Raises
    ------
    InvalidInput
        When figures are so extreme that the noise of a line is no finite positive number.
    """
    comb, first = lines.comb, lines.first_spans
    ase_w = amplifier_noise_w(lines.span_loss_db, lines.noise_figure_db, comb)
    scale = _nonlinear_scale(lines)
    factors = np.stack([comb_factors(fiber, comb) for fiber in lines.fibers])
    power_w, is_capped = _launch_power_w(lines, ase_w, scale * factors[lines.fiber_index, comb.middle])
    in_reference = REFERENCE_BANDWIDTH_HZ / (comb.baud_gbd * 1e9)
    booster = in_reference * _booster_noise(lines, power_w)
    linear = in_reference * np.add.reduceat(ase_w / power_w, first) + booster + _node_noise(lines)
    # the channels enter through the fiber kinds only: sum the spans of each kind, then one product over the kinds
    by_kind = np.zeros((len(lines.fibers), lines.length_km.size))
    by_kind[lines.fiber_index, np.arange(lines.length_km.size)] = in_reference * scale * power_w**2
    noise = linear[:, None] + np.add.reduceat(by_kind, first, axis=1).T @ factors
    require(
        bool(np.all(np.isfinite(noise) & (noise > 0))),
        field="lines",
        value="noise beyond the range of numbers",
        limit="finite and positive",
        remedy="check the figures of fibers, amplifiers and channels",
    )
    gsnr_db = -10 * np.log10(noise)
    worst = np.argmin(gsnr_db, axis=1)
    return LineQuality(
        noise_to_signal=noise,
        gsnr_db=gsnr_db,
        osnr_db=np.broadcast_to(-10 * np.log10(linear)[:, None], noise.shape).copy(),
        worst_channel=worst,
        worst_gsnr_db=gsnr_db[np.arange(worst.size), worst],
        launch_dbm=10 * np.log10(power_w) + 30,
        launch_is_capped=is_capped,
        dispersion_ps_nm=np.add.reduceat(lines.length_km * lines.of_fibers("dispersion_ps_nm_km"), first),
        pmd_ps=np.sqrt(np.add.reduceat(lines.length_km * lines.of_fibers("pmd_ps_sqrt_km") ** 2, first)),
        booster_noise_to_signal=booster,
    )


def _nonlinear_scale(lines: Lines) -> Floats:
    """eta of every span over its comb factor, in 1/W^2 of power in front of the input connector; shape (spans,)."""
    scale = np.empty(lines.length_km.size)
    for kind, fiber in enumerate(lines.fibers):
        chosen = lines.fiber_index == kind
        scale[chosen] = nonlinear_scale_per_w2(fiber, lines.length_km[chosen], lines.comb)
    # half of the connectors' loss is at the input, all of the padding, and eta counts power squared
    weakened: Floats = scale * 10 ** (-(lines.connector_loss_db + 2 * lines.padding_db) / 10)
    return weakened


def _launch_power_w(lines: Lines, ase_w: Floats, worst_eta: Floats) -> tuple[Floats, Flags]:
    """Power per channel into every span, and whether the amplifier holds it below the best one."""
    if not isinstance(lines.launch, str):
        return np.full(ase_w.shape, 10 ** (lines.launch / 10 - 3)), np.zeros(ase_w.shape, dtype=np.bool_)
    if lines.launch == "best_per_line":
        ase_w = np.repeat(np.add.reduceat(ase_w, lines.first_spans), lines.span_counts)
        worst_eta = np.repeat(np.add.reduceat(worst_eta, lines.first_spans), lines.span_counts)
    with np.errstate(divide="ignore"):  # a fiber without nonlinearity takes all the power there is
        best = np.cbrt(ase_w / (2 * worst_eta))
    most = lines.most_per_channel_w
    return np.minimum(best, most), best > most


def _booster_noise(lines: Lines, power_w: Floats) -> Floats:
    """Noise over signal, in the symbol rate, of the booster in front of each line; shape (lines,)."""
    if lines.terminal is None:
        return np.zeros(lines.span_counts.shape)
    loss_db, noise_figure_db = np.array([lines.terminal.loss_db]), np.array([lines.terminal.noise_figure_db])
    first = lines.first_spans
    launched = np.minimum(power_w[first], power_w[first + lines.span_counts - 1])
    noise: Floats = amplifier_noise_w(loss_db, noise_figure_db, lines.comb) / launched
    return noise


def _node_noise(lines: Lines) -> Floats:
    """Noise-to-signal ratio of the nodes of each line, shape (lines,)."""
    end, express = lines.node_noise.end_osnr_db, lines.node_noise.express_osnr_db
    noise = np.full(lines.span_counts.shape, 0.0 if end is None else 2 * 10 ** (-end / 10))
    return noise if express is None else noise + lines.express_nodes * 10 ** (-express / 10)
