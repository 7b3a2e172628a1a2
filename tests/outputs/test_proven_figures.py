"""What is said to be proven is proven: bounds and gaps are rounded outward."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topodesign.domain.plan import Goal
from topodesign.domain.proven_figures import (
    dollars_at_least,
    dollars_at_most,
    exact_figure,
    figure_at_least,
    figure_at_most,
    gap_percent,
    gap_percent_digits,
    millions_at_least,
    millions_at_most,
)
from topodesign.outputs.goal_words import bound_words

SCALES = {"tn": 1e12, "bn": 1e9, "M": 1e6, "k": 1e3, "": 1.0}


def usd_of(words: str) -> float:
    figure, _, scale = words.replace("$", "").replace(",", "").partition(" ")
    return float(figure) * SCALES[scale]


@pytest.mark.parametrize(
    ("usd", "at_least", "at_most"),
    [
        (1.0951e9, "$1.09 bn", "$1.10 bn"),
        (1.1e9, "$1.10 bn", "$1.10 bn"),
        (99.97e6, "$99.9 M", "$100.0 M"),
        (999.9e6, "$999 M", "$1,000 M"),
        (1234.5, "$1.23 k", "$1.24 k"),
        (999.5, "$999", "$1,000"),
        (0.0, "$0", "$0"),
        (-1.0951e9, "-$1.10 bn", "-$1.09 bn"),
    ],
)
def test_dollars_are_rounded_to_the_proven_side(usd: float, at_least: str, at_most: str) -> None:
    assert (dollars_at_least(usd), dollars_at_most(usd)) == (at_least, at_most)


@pytest.mark.parametrize(
    ("gap", "percent", "digits"),
    [
        (0.001949, "0.20", "0.195"),
        (0.00004, "0.01", "0.004"),
        (0.0, "0.00", "0"),
        (0.01, "1.00", "1"),
        (1e-12, "0.01", "1e-10"),
        (0.1 + 0.2 - 0.2, "10.00", "10"),  # 0.10000000000000003
        (12.345, "1,234.50", "1,240"),
        (math.inf, "inf", "inf"),
    ],
)
def test_a_gap_is_rounded_up_and_is_zero_only_where_it_is(gap: float, percent: str, digits: str) -> None:
    assert (gap_percent(gap), gap_percent_digits(gap)) == (percent, digits)


def test_bounds_to_the_cent_are_cut_off_after_the_second_decimal_of_millions() -> None:
    assert millions_at_least(17_773_169_999.99) == "17,773.16"
    assert millions_at_least(17_773_160_000.0) == "17,773.16"  # in floats 17773.16 is a little less
    assert millions_at_most(17_773_160_000.01) == "17,773.17"
    assert millions_at_least(-1_005_000.0, signed=True) == "-1.01"


@given(st.floats(min_value=-1e13, max_value=1e13, allow_nan=False))
def test_what_is_said_lies_on_the_proven_side(value: float) -> None:
    slack = abs(value) * 1e-14
    assert usd_of(dollars_at_least(value)) <= value + slack
    assert usd_of(dollars_at_most(value)) >= value - slack
    assert float(figure_at_least(value, digits=4).replace(",", "")) <= value + slack
    assert float(figure_at_most(value, digits=4).replace(",", "")) >= value - slack


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_limit_is_written_so_that_it_is_read_back(value: float) -> None:
    text = exact_figure(value)
    assert float(text) == value
    assert set(text) <= set("-.0123456789")


def test_limits_are_written_short() -> None:
    assert [exact_figure(value) for value in (1234.561, 1_234_567_890.0, 0.1, 600, 1e-7)] == [
        "1234.561", "1234567890", "0.1", "600", "0.0000001",
    ]  # fmt: skip


def test_bounds_of_goals_are_rounded_to_the_side_that_is_proven() -> None:
    def goal(**what: object) -> Goal:
        return Goal(value=1.0, gap=0.1, budget_usd=1e9, **what)  # type: ignore[arg-type]

    assert "at most 440.913 EFLOP/s" in bound_words(goal(objective="effective-flops", bound=440.9121, unit="EFLOP/s"))
    assert "faster than 1.234 s" in bound_words(goal(objective="sync-time", bound=1.23499, unit="s"))
    for bound in (1235.0, 1234.9999999, 1235.0000001):
        assert "at most 1,235 are" in bound_words(goal(objective="accelerators", bound=bound, unit="accelerators"))
