"""What a dollar of each year weighs: docs/buildout.md (1) to (3)."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from topodesign.domain.checks import require_number
from topodesign.domain.scenario import Economics


@dataclass(frozen=True, slots=True, kw_only=True)
class YearWeight:
    """Weights of one listed year, against the beginning of the first one.

    ``capital``: a dollar spent at its beginning; ``rent``: what is saved by spending it only when the next listed year
    begins (all of it in the last year); ``running``: a dollar at the end of each year that its state stands;
    ``to_horizon``: the same, if it stood to the horizon; ``stands_years``: how many years it stands.
    """

    capital: float
    rent: float
    running: float
    to_horizon: float
    stands_years: int


def year_weights(years: Sequence[int], economics: Economics) -> tuple[YearWeight, ...]:
    """The weights of the listed years, in order.

    Raises
    ------
    InvalidInput
        For a negative discount rate, which makes waiting cost money and the bound's prices negative, and for years that
        reach beyond the horizon.
    """
    rate, horizon = economics.discount_rate, economics.horizon_years
    require_number(
        rate, field="economics.discount_rate", at_least=0, remedy="a build-out discounts later years; give 0 or more"
    )
    begins = [year - years[0] for year in years]
    require_number(
        horizon,
        field="economics.horizon_years",
        above=begins[-1],
        remedy=f"the horizon is counted from {years[0]}; let it reach beyond {years[-1]}",
    )
    return tuple(
        YearWeight(
            capital=(1 + rate) ** -begin,
            rent=(1 + rate) ** -begin - ((1 + rate) ** -end if end < horizon else 0.0),
            running=present_value_of_years(rate, begin, end),
            to_horizon=present_value_of_years(rate, begin, horizon),
            stands_years=end - begin,
        )
        for begin, end in pairwise([*begins, horizon])
    )


def present_value_of_years(rate: float, begin: int, end: int) -> float:
    """Of one dollar at the end of each year from ``begin`` to ``end``, counted from the first year."""
    return sum((1 + rate) ** -year for year in range(begin + 1, end + 1))
