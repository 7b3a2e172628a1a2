"""Expected cost and conditional value at risk, against their definitions."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from topodesign.domain.errors import InvalidInput
from topodesign.uncertainty.multipliers import excess, stepped
from topodesign.uncertainty.risk import RiskMeasure, cvar, dot

COSTS = st.lists(st.floats(0, 1e9), min_size=1, max_size=6)


def distribution(weights: list[float]) -> list[float]:
    return [weight / math.fsum(weights) for weight in weights]


CASES = COSTS.flatmap(
    lambda costs: st.tuples(
        st.just(costs),
        st.lists(st.floats(0.01, 1), min_size=len(costs), max_size=len(costs)).map(distribution),
        st.floats(0, 0.99),
    )
)


@given(CASES)
def test_cvar_is_the_least_of_its_definition(case: tuple[list[float], list[float], float]):
    # Rockafellar and Uryasev 2000, theorem 1: min over eta of eta + E[(z - eta)+] / (1 - alpha); the minimum of this
    # convex function, linear between costs, is at one of the costs
    costs, chances, level = case
    defined = min(
        eta + math.fsum(p * max(0.0, z - eta) for p, z in zip(chances, costs, strict=True)) / (1 - level)
        for eta in costs
    )
    assert cvar(costs, chances, level=level) == pytest.approx(defined, rel=1e-9, abs=1e-6)


def test_an_atom_at_the_edge_of_the_tail_is_split():
    # worst 30 %: all of the 10 % at 9, and 20 of the 40 % at 5: (0.1 x 9 + 0.2 x 5) / 0.3
    assert cvar([1, 5, 9], [0.5, 0.4, 0.1], level=0.7) == pytest.approx(1.9 / 0.3)


@given(CASES)
def test_the_measure_runs_from_the_expectation_to_the_worst_case(case: tuple[list[float], list[float], float]):
    costs, chances, level = case
    mean, worst = dot(chances, costs), max(costs)
    assert RiskMeasure(weight=0, level=level).value(costs, chances) == pytest.approx(mean)
    assert RiskMeasure(weight=1, level=0).value(costs, chances) == pytest.approx(mean)
    assert RiskMeasure(weight=1, level=0.9999).value(costs, chances) == pytest.approx(worst)  # no chance is so small
    half = RiskMeasure(weight=0.5, level=level).value(costs, chances)
    assert half == pytest.approx((mean + cvar(costs, chances, level=level)) / 2)
    assert mean <= half * (1 + 1e-12) + 1e-9 and half <= worst * (1 + 1e-12) + 1e-9


def test_measures_out_of_their_range_are_refused():
    with pytest.raises(InvalidInput, match=r"risk_weight is 1\.5"):
        RiskMeasure(weight=1.5)
    with pytest.raises(InvalidInput, match="cvar_level is 1"):
        RiskMeasure(level=1)


@given(st.integers(0, 2**32 - 1))
def test_a_step_keeps_the_mean_of_multipliers_and_their_least(seed: int):
    draw = np.random.default_rng(seed)
    futures, sites = draw.integers(1, 6), draw.integers(1, 5)
    weights = draw.dirichlet(np.ones(futures))
    fixed = draw.uniform(0, 1e8, (futures, sites))
    chosen = draw.integers(0, 2, (futures, sites)).astype(float)
    found = stepped(np.zeros((futures, sites)), chosen, weights, -fixed, missing_usd=float(draw.uniform(0, 1e9)))
    assert (found >= -fixed).all()
    assert np.abs(weights @ found).max() < 0.02  # dollars: the rounding to cents
    assert 0 <= excess(found, weights) < 0.02 * sites
