"""Futures out of independent factors: every combination of levels, or a seeded sample of them."""

import math
from collections import Counter
from collections.abc import Sequence
from itertools import product

from topodesign.domain.checks import require_number
from topodesign.domain.errors import InvalidInput
from topodesign.domain.futures import MOST_FUTURES, Future, FutureFactor, Futures, Outlook


def futures_of_factors(factors: Sequence[FutureFactor], *, sample: int | None = None, seed: int = 0) -> Futures:
    """Futures whose probability is the product of their levels'; or a sample of ``sample`` draws, each 1 / ``sample``.

    Draws that are equal become one future with their probabilities summed.

    Raises
    ------
    InvalidInput
        Without factors, for a sample out of range, and where there are more combinations than are planned and no
        sample is asked for (``FUTURES_TOO_MANY``).
    """
    require_number(len(factors), field="number of factors", at_least=1, remedy="give a [[factor]], or [[future]]s")
    count = math.prod(len(factor.levels) for factor in factors)
    if sample is not None:
        require_number(sample, field="sample", at_least=1, at_most=MOST_FUTURES)
        return _sampled(factors, sample, seed, count)
    if count > MOST_FUTURES:
        raise InvalidInput(
            f"{len(factors)} factors make {count:,} futures, above the {MOST_FUTURES} that are planned; set sample = "
            f"{MOST_FUTURES} or less, or leave out levels",
            reason="FUTURES_TOO_MANY",
            metadata={"count": str(count), "limit": str(MOST_FUTURES)},
        )
    futures = [
        _joined(factors, levels, math.prod(level.probability for level in levels))
        for levels in product(*(factor.levels for factor in factors))
    ]
    return Futures(futures=tuple(futures), basis=f"all {count:,} combinations of {len(factors)} independent factors")


def _sampled(factors: Sequence[FutureFactor], sample: int, seed: int, count: int) -> Futures:
    import numpy as np

    draw = np.random.default_rng(seed)
    columns = []
    for factor in factors:
        chances = np.array([level.probability for level in factor.levels])
        columns.append(draw.choice(len(factor.levels), size=sample, p=chances / chances.sum()))
    times = Counter(zip(*(column.tolist() for column in columns), strict=True))
    futures = [
        _joined(factors, [factor.levels[place] for factor, place in zip(factors, places, strict=True)], many / sample)
        for places, many in sorted(times.items())
    ]
    basis = (
        f"{sample:,} independent draws (seed {seed}) of {count:,} combinations of {len(factors)} factors: "
        f"{len(futures):,} that differ; figures are of the sample"
    )
    return Futures(futures=tuple(futures), basis=basis)


def _joined(factors: Sequence[FutureFactor], levels: Sequence[Future], probability: float) -> Future:
    outlook = Outlook()
    for level in levels:
        outlook = outlook.with_outlook(level.outlook)
    name = ", ".join(f"{factor.name} {level.name}" for factor, level in zip(factors, levels, strict=True))
    return Future(name=name, probability=probability, outlook=outlook)
