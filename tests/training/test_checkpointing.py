"""Intervals between checkpoints and the goodput that they leave: exact values, limits, laws, and what is refused."""

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from topodesign.domain.errors import InvalidInput
from topodesign.domain.goodput import Checkpointing, Goodput
from topodesign.training.checkpointing import (
    best_interval_s,
    daly_interval_s,
    exact_goodput,
    first_order_loss,
    goodput,
    young_interval_s,
)

SECONDS = st.floats(min_value=1e-3, max_value=1e5)
MTTI = st.floats(min_value=10.0, max_value=1e8)


def shares(found: Goodput) -> tuple[float, ...]:
    return (found.useful, found.writing, found.rework, found.restart, found.waiting)


def test_goodput_by_hand() -> None:
    # M = 100, t + d = 100, R = 0: 80 / (100 (e - 1)) = 0.465582
    assert exact_goodput(80, write_s=20, restart_s=0, mtti_s=100) == pytest.approx(0.8 / (math.e - 1), rel=1e-14)
    # R = M takes 1/e of that, W = M half
    assert exact_goodput(80, write_s=20, restart_s=100, mtti_s=100, wait_s=100) == pytest.approx(
        0.4 / (math.e - 1) / math.e, rel=1e-14
    )


def test_shares_of_time_by_hand() -> None:
    # M = W = 100, t = 80, d = 20, R = 50. Half of the time waits. Restarts: half of 1 - e^-0.5. Of the e^-0.5 / 2 that
    # is left 1/(e - 1) is whole segments, 4/5 of them training
    found = goodput(Checkpointing(write_s=20, restart_s=50, interval_s=80), 100 / 3600, wait_s=100)
    up = math.exp(-0.5) / 2
    whole = up / (math.e - 1)
    expected = (0.8 * whole, 0.2 * whole, up - whole, (1 - math.exp(-0.5)) / 2, 0.5)
    assert shares(found) == pytest.approx(expected, rel=1e-12)


@given(interval=SECONDS, write=SECONDS, restart=SECONDS, mtti=MTTI, wait=SECONDS)
def test_shares_of_time_sum_to_one(interval: float, write: float, restart: float, mtti: float, wait: float) -> None:
    rules = Checkpointing(write_s=write, restart_s=restart, interval_s=interval)
    found = shares(goodput(rules, mtti / 3600, wait_s=wait))
    assert math.fsum(found) == pytest.approx(1, rel=1e-9)
    assert min(found) >= 0


@given(write=SECONDS, mtti=MTTI, factor=st.floats(min_value=0.2, max_value=5))
def test_no_interval_is_better_than_the_best(write: float, mtti: float, factor: float) -> None:
    best = best_interval_s(write, mtti)
    other = exact_goodput(best * factor, write_s=write, restart_s=0, mtti_s=mtti)
    assert exact_goodput(best, write_s=write, restart_s=0, mtti_s=mtti) >= other * (1 - 1e-12)


@given(ratio=st.floats(min_value=1e-9, max_value=30))
def test_the_best_interval_solves_its_equation(ratio: float) -> None:
    # x + ln(1 - x) = -d/M, written so that neither side loses digits: 1 - x = e^-(x + d/M)
    x = float(best_interval_s(ratio, 1.0))
    assert 0 < x < 1
    assert 1 - x == pytest.approx(math.exp(-(x + ratio)), abs=1e-15 + 1e-9 * ratio)
    # Young bounds it from above; series: sqrt(2 r) (1 + sqrt(r/2)/3 + r/18) - r + smaller terms (Daly)
    assert x <= math.sqrt(2 * ratio)
    if ratio < 1e-2:
        assert x == pytest.approx(float(daly_interval_s(ratio, 1.0)), rel=ratio)


@given(interval=SECONDS, write=SECONDS, restart=SECONDS, mtti=MTTI, more=st.floats(min_value=1, max_value=100))
def test_rarer_interruptions_never_lower_goodput(
    interval: float, write: float, restart: float, mtti: float, more: float
) -> None:
    often, rarely = (
        exact_goodput(interval, write_s=write, restart_s=restart, mtti_s=value) for value in (mtti, mtti * more)
    )
    assert rarely >= often * (1 - 1e-12)


@given(interval=SECONDS, write=SECONDS, restart=SECONDS, mtti=MTTI, scale=st.floats(min_value=1e-3, max_value=1e3))
def test_units_of_time_change_nothing(interval: float, write: float, restart: float, mtti: float, scale: float) -> None:
    one = exact_goodput(interval, write_s=write, restart_s=restart, mtti_s=mtti)
    other = exact_goodput(interval * scale, write_s=write * scale, restart_s=restart * scale, mtti_s=mtti * scale)
    assert other == pytest.approx(one, rel=1e-9)


def test_first_order_loss_is_the_exact_loss_where_that_is_small() -> None:
    # terms of second order are at most the square of the loss
    interval = young_interval_s(10, 1e6)
    loss = float(first_order_loss(interval, write_s=10, restart_s=60, mtti_s=1e6))
    exact = float(exact_goodput(interval, write_s=10, restart_s=60, mtti_s=1e6))
    assert abs(1 - loss - exact) < loss**2


@pytest.mark.parametrize(
    ("interval", "write", "mtti", "wait", "expected"),
    [
        (100, 25, math.inf, 0, 0.8),  # nothing fails: t / (t + d)
        (100, 25, math.inf, 9, 0.8),
        (math.inf, 25, math.inf, 0, 1.0),
        (math.inf, 25, 1000, 0, 0.0),  # never saved, all lost
        (0, 25, 1000, 0, 0.0),  # only ever writes
        (0, 0, 1000, 0, math.exp(-0.06)),  # saved all the time at no cost: only restarts are lost
        (0, 0, 1000, 1000, math.exp(-0.06) / 2),
        (1e-9, 0, 1000, 0, math.exp(-0.06)),
        (1e9, 1, 1000, 0, 0.0),
    ],
)
def test_limits_are_exact(interval: float, write: float, mtti: float, wait: float, expected: float) -> None:
    found = exact_goodput(interval, write_s=write, restart_s=60, mtti_s=mtti, wait_s=wait)
    assert float(found) == pytest.approx(expected, rel=1e-9)


def test_best_interval_of_free_checkpoints_is_none_and_of_sound_parts_endless() -> None:
    assert best_interval_s(0, 1000) == 0
    for rule in (best_interval_s, young_interval_s, daly_interval_s):
        assert rule([0.0, 30.0], math.inf).tolist() == [math.inf, math.inf]
    assert goodput(Checkpointing(write_s=30, restart_s=60), math.inf).useful == 1
    assert shares(goodput(Checkpointing(write_s=0, restart_s=0), 1.0)) == (1, 0, 0, 0, 0)


def test_a_write_longer_than_the_job_survives_leaves_next_to_nothing() -> None:
    found = goodput(Checkpointing(write_s=36_000, restart_s=0), 1.0)
    assert found.interval_s == pytest.approx(3600, rel=1e-4)
    # t = M: 1 / (e^(1 + 10) - 1)
    assert found.useful == pytest.approx(math.exp(-11), rel=1e-4)
    assert best_interval_s([1e3, 1e308], [1.0, 1e-3]).tolist() == pytest.approx([1.0, 1e-3])


def test_a_sweep_gives_what_single_cases_give() -> None:
    mtti = np.logspace(2, 7, 100)
    write = np.logspace(0, 3, 100)[:, None]
    intervals = best_interval_s(write, mtti)
    swept = exact_goodput(intervals, write_s=write, restart_s=60, mtti_s=mtti, wait_s=5)
    assert swept.shape == (100, 100)
    for row, column in ((0, 0), (99, 0), (31, 77), (99, 99)):
        alone = best_interval_s(float(write[row, 0]), float(mtti[column]))
        assert intervals[row, column] == pytest.approx(float(alone), rel=1e-12)
        one = exact_goodput(alone, write_s=write[row, 0], restart_s=60, mtti_s=mtti[column], wait_s=5)
        assert swept[row, column] == pytest.approx(float(one), rel=1e-12)


def test_without_an_interval_the_best_is_taken() -> None:
    rules = Checkpointing(write_s=30, restart_s=180)
    best = goodput(rules, 3.093)
    assert best.interval_s == pytest.approx(float(best_interval_s(30, 3.093 * 3600)))
    given_interval = goodput(dataclasses.replace(rules, interval_s=500.0), 3.093)
    assert best.useful > given_interval.useful


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"interval_s": -1.0}, "interval_s"),
        ({"interval_s": math.nan}, "interval_s"),
        ({"write_s": -1.0}, "write_s"),
        ({"write_s": math.inf}, "write_s"),
        ({"restart_s": -0.1}, "restart_s"),
        ({"mtti_s": 0.0}, "mtti_s"),
        ({"mtti_s": -5.0}, "mtti_s"),
        ({"mtti_s": [100.0, math.nan]}, "mtti_s"),
        ({"wait_s": -1.0}, "wait_s"),
    ],
)
def test_times_out_of_range_are_refused_by_name(changes: dict[str, float], field: str) -> None:
    times: dict[str, float] = {"interval_s": 10.0, "write_s": 1.0, "restart_s": 1.0, "mtti_s": 100.0, "wait_s": 0.0}
    with pytest.raises(InvalidInput) as caught:
        exact_goodput(**{**times, **changes})
    assert caught.value.field_path == field


def test_negative_times_of_a_job_are_refused() -> None:
    for name in ("write_s", "restart_s", "interval_s"):
        with pytest.raises(InvalidInput, match=f"checkpointing.{name}"):
            Checkpointing(**{"write_s": 1.0, "restart_s": 1.0, name: -1.0})
