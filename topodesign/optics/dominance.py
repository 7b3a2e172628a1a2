"""Which modes are worth offering on a route, for many routes at once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from topodesign.domain.equipment import TransceiverMode
from topodesign.optics.reach import Flags, Floats
from topodesign.optics.regeneration import Crossing

ROUNDING = 1e-12


@dataclass(frozen=True, slots=True)
class Offer:
    """A mode on each route of a table."""

    mode: TransceiverMode
    width_ghz: float
    crossing: Crossing

    def per_gbps(self) -> tuple[Floats, Floats, Floats]:
        """US dollars, watts and GHz for each Gbit/s, by route."""
        modules = 2.0 + 2.0 * self.crossing.regenerations.astype(np.float64)
        rate = self.mode.rate_gbps
        spectrum: Floats = np.full(len(modules), self.width_ghz / rate, dtype=np.float64)
        return modules * self.mode.cost_usd / rate, modules * self.mode.power_w / rate, spectrum


def worthwhile(offers: Sequence[Offer], *, most_rate_gbps: float) -> Flags:
    """Whether each mode reaches and no other makes it pointless, shape (routes, modes).

    Another one does where it costs, draws and occupies no more per Gbit/s and is no coarser (rates up to
    ``most_rate_gbps`` are fine enough); of two alike the first stays. It must not regenerate anywhere else, since each
    place has its own power limit.
    """
    figures = [offer.per_gbps() for offer in offers]
    kept = []
    for position, offer in enumerate(offers):
        is_kept = offer.crossing.reaches.copy()
        for other_position, other in enumerate(offers):
            is_fine = other.mode.rate_gbps <= max(offer.mode.rate_gbps, most_rate_gbps)
            if other_position == position or not is_fine:
                continue
            both = list(zip(figures[other_position], figures[position], strict=True))
            is_pointless = other.crossing.reaches & ~(other.crossing.stops & ~offer.crossing.stops).any(axis=1)
            is_pointless &= np.all([theirs <= mine + ROUNDING for theirs, mine in both], axis=0)
            if other_position > position:
                is_pointless &= np.any([theirs < mine - ROUNDING for theirs, mine in both], axis=0)
            is_kept &= ~is_pointless
        kept.append(is_kept)
    return np.stack(kept, axis=1)
