"""Reach of every mode of a catalogue over equal spans, by the rules that plans are made by."""

from collections.abc import Sequence

from topodesign.domain.equipment import Catalog, TransceiverMode
from topodesign.domain.reach_table import ReachRow, ReachTable
from topodesign.domain.scenario import MeasuredReach, OpticsRules
from topodesign.optics.gaussian_noise import Comb
from topodesign.optics.longest import longest_km
from topodesign.optics.measured import MeasuredReaches, measured_assumptions
from topodesign.optics.reach import LINE_SYSTEM_OF_BAND, allowed_modes, channel_width_ghz, db
from topodesign.optics.span_noise import span_noise_to_signal


def reach_table(catalog: Catalog, rules: OpticsRules, fiber: str, measured: Sequence[MeasuredReach] = ()) -> ReachTable:
    """The ladder for one kind of fiber.

    Parameters
    ----------
    catalog : Catalog
    rules : OpticsRules
        Span in km, margin in dB, band, catalogue and modes.
    fiber : str
        Id in the catalogue.
    measured : sequence of MeasuredReach
        Rows that decide in place of the line model.

    Returns
    -------
    ReachTable
        Reach in whole spans of ``rules.span_km``; a line of more and shorter spans may hold a little farther.

    Raises
    ------
    NotFound
        For a fiber, or a mode of a row, that the catalogue does not have.
    InvalidInput
        When the rules allow no mode.
    """
    kind, system = catalog.fiber(fiber), catalog.line_system(LINE_SYSTEM_OF_BAND[rules.band])
    modes = allowed_modes(catalog, rules)
    reaches = MeasuredReaches(catalog, measured)

    def row(mode: TransceiverMode) -> ReachRow:
        width = channel_width_ghz(mode, rules)
        comb = Comb.filling(band_ghz=system.band_ghz, spacing_ghz=width, baud_gbd=mode.baud_gbd)
        noise = span_noise_to_signal(kind, system, comb, rules.span_km)
        gsnr = -db(noise.of_span + noise.of_booster + 10 ** (-mode.tx_osnr_db / 10))
        known = reaches.reach_km(mode, fiber)
        modelled = longest_km(
            mode,
            kind,
            system,
            span_km=rules.span_km,
            noise_a_span=noise.of_span,
            of_booster=noise.of_booster,
            margin_db=rules.margin_db,
        )
        return ReachRow(
            mode=mode.id,
            rate_gbps=mode.rate_gbps,
            width_ghz=width,
            reach_km=modelled if known is None else known,
            is_measured=known is not None,
            gsnr_db=gsnr,
            margin_db=gsnr - mode.required_osnr_db,
            pair_gbps=comb.channels * mode.rate_gbps,
        )

    return ReachTable(
        fiber=fiber,
        span_km=rules.span_km,
        margin_db=rules.margin_db,
        band=rules.band,
        catalog=rules.catalog,
        rows=tuple(row(mode) for mode in sorted(modes, key=lambda mode: (-mode.rate_gbps, mode.width_ghz, mode.id))),
        assumptions=(
            f"line system {system.id}: {system.band_ghz:g} GHz, noise figure {system.noise_figure_db:g} dB, "
            f"{system.connector_loss_db:g} dB of connectors per span, {system.terminal_loss_db:g} dB of terminal in "
            "front of the booster; best launch power for each span",
            *measured_assumptions(modes, rules, measured),
        ),
    )
