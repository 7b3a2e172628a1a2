"""The modes that links are designed with, in the order in which a design has them."""

from topodesign.domain.checks import require_number
from topodesign.domain.equipment import Catalog, TransceiverMode


def list_modes(catalog: Catalog, *, rate_gbps: float | None = None) -> tuple[TransceiverMode, ...]:
    """The transceiver modes of a catalogue, the highest rate first, then by cost, power, spectrum and id.

    Parameters
    ----------
    catalog : Catalog
    rate_gbps : float, optional
        Only modes of this rate in Gbit/s, above 0; there may be none.

    Raises
    ------
    InvalidInput
        For a rate that is not a positive number.
    """
    if rate_gbps is not None:
        require_number(rate_gbps, field="rate_gbps", above=0, remedy="give a rate in Gbit/s, or leave it out for all")
    modes = [mode for mode in catalog.transceivers if rate_gbps in (None, mode.rate_gbps)]
    return tuple(
        sorted(modes, key=lambda mode: (-mode.rate_gbps, mode.cost_usd, mode.power_w, mode.width_ghz, mode.id))
    )
