"""States drawn at random: which parts are out, each independently with its probability; equal states counted once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Bools = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.int64]

AT_ONCE = 4_000_000
"""Numbers drawn at a time: 32 MB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnStates:
    """``out`` has the shape (states, parts), ``times`` how often each was drawn; the most frequent first."""

    out: Bools
    times: Integers

    @property
    def samples(self) -> int:
        return int(self.times.sum())


def drawn_states(probabilities: Sequence[float], *, samples: int, seed: int) -> DrawnStates:
    """Independent draws of all parts; the same for the same seed, whatever is drawn at a time.

    Parameters
    ----------
    probabilities : sequence of float
        Of each part's being out.
    samples, seed : int
    """
    chances = np.asarray(probabilities, dtype=np.float64)
    draw = np.random.default_rng(seed)
    rows_at_once = max(1, AT_ONCE // max(1, len(chances)))
    packed, times = np.zeros((0, -(-len(chances) // 8)), dtype=np.uint8), np.zeros(0, dtype=np.int64)
    for first in range(0, samples, rows_at_once):
        rows = min(rows_at_once, samples - first)
        bits = np.packbits(draw.random((rows, len(chances))) < chances, axis=1)
        packed, times = _counted(np.vstack([packed, bits]), np.append(times, np.ones(rows, dtype=np.int64)))
    out = np.unpackbits(packed, axis=1, count=len(chances)).astype(bool)
    order = np.argsort(-times, kind="stable")
    return DrawnStates(out=out[order], times=times[order])


def _counted(packed: npt.NDArray[np.uint8], times: Integers) -> tuple[npt.NDArray[np.uint8], Integers]:
    """Equal rows once, with how often they come in all."""
    if packed.shape[1] == 0:
        return packed[:1], np.array([times.sum()], dtype=np.int64)
    rows, place = np.unique(packed, axis=0, return_inverse=True)
    return rows, np.bincount(place.reshape(-1), weights=times, minlength=len(rows)).astype(np.int64)
