"""Monte Carlo beside the closed forms, within its own sampling error.

z = (simulated - exact) / standard error is standard normal for many interruptions. Over k independent cases the sum of
z^2 is chi-squared with k degrees of freedom: it stays below its 99.99 % quantile unless one of the two is wrong, and
above the 0.01 % quantile unless the stated error is too large. Seeds are fixed, so the outcome is, too.
"""

import math

import pytest
from scipy.stats import chi2

from topodesign.domain.errors import InvalidInput
from topodesign.domain.goodput import Checkpointing, FailingParts, JobSite, Rejoining
from topodesign.training.checkpointing import goodput
from topodesign.training.checkpointing_elastic import elastic_goodput
from topodesign.training.interruptions import mean_time_to_interrupt_h, mean_wait_s
from topodesign.training.interruptions_simulation import simulate_elastic, simulate_goodput

CHIPS = FailingParts(name="chips", count=16_384, mtbf_h=50_677)
HOSTS = FailingParts(name="hosts", count=2_048, mtbf_h=57_700, wait_s=300)
ZONE = FailingParts(name="zone", count=1, mtbf_h=100, wait_s=4 * 3600)
SOUND = FailingParts(name="sound", count=5, mtbf_h=math.inf, wait_s=9)


@pytest.mark.parametrize("parts", [(CHIPS,), (CHIPS, HOSTS, ZONE, SOUND)])
@pytest.mark.parametrize(
    "rules",
    [
        Checkpointing(write_s=30, restart_s=180, interval_s=800),
        Checkpointing(write_s=600, restart_s=3600, interval_s=7200),
        Checkpointing(write_s=0, restart_s=60, interval_s=0),
    ],
)
def test_restarts_agree_with_the_closed_form(parts: tuple[FailingParts, ...], rules: Checkpointing) -> None:
    exact = goodput(rules, mean_time_to_interrupt_h(parts), wait_s=mean_wait_s(parts)).useful
    cases = 20
    total = 0.0
    for seed in range(cases):
        found = simulate_goodput(parts, rules, seed=seed, interruptions=5_000)
        total += ((found.goodput - exact) / found.standard_error) ** 2
    assert chi2.ppf(1e-4, cases) < total < chi2.ppf(1 - 1e-4, cases)


@pytest.mark.parametrize("reform_s", [0.0, 120.0])
def test_sites_that_go_on_agree_with_the_closed_form(reform_s: float) -> None:
    sites = [
        JobSite(site_id="a", accelerators=16_384, parts=(CHIPS, ZONE)),
        JobSite(site_id="b", accelerators=4_096, parts=(HOSTS,), replicas=3),
        JobSite(site_id="c", accelerators=1_000, parts=(SOUND,)),
    ]
    rejoining = Rejoining(round_s=600, restart_s=900, reform_s=reform_s)
    exact = elastic_goodput(sites, rejoining).goodput
    cases = 20
    total = 0.0
    for seed in range(cases):
        found = simulate_elastic(sites, rejoining, seed=seed, interruptions=5_000)
        total += ((found.goodput - exact) / found.standard_error) ** 2
    assert chi2.ppf(1e-4, cases) < total < chi2.ppf(1 - 1e-4, cases)


def test_the_same_seed_gives_the_same_estimate_and_another_another() -> None:
    rules = Checkpointing(write_s=30, restart_s=180, interval_s=800)
    first, again, other = (simulate_goodput((CHIPS,), rules, seed=seed, interruptions=100) for seed in (1, 1, 2))
    assert first == again
    assert first.goodput != other.goodput


def test_the_error_falls_with_the_root_of_the_interruptions() -> None:
    # 100 times as many: a tenth, to 10 % (the estimate of a deviation from 1000 values is good to 1/sqrt(2000) = 2 %)
    rules = Checkpointing(write_s=30, restart_s=180, interval_s=800)
    few, many = (simulate_goodput((CHIPS,), rules, interruptions=count) for count in (1_000, 100_000))
    assert few.standard_error / many.standard_error == pytest.approx(10, rel=0.1)


def test_parts_that_never_fail_leave_nothing_to_draw() -> None:
    found = simulate_goodput((SOUND,), Checkpointing(write_s=25, restart_s=9, interval_s=100))
    assert (found.goodput, found.standard_error, found.interruptions) == (0.8, 0, 0)
    site = JobSite(site_id="a", accelerators=1, parts=())
    whole = simulate_elastic([site], Rejoining(round_s=1, restart_s=1, reform_s=1))
    assert (whole.goodput, whole.standard_error, whole.interruptions) == (1, 0, 0)


def test_a_simulation_that_makes_no_sense_is_refused() -> None:
    rules = Checkpointing(write_s=30, restart_s=180, interval_s=800)
    with pytest.raises(InvalidInput, match="interruptions"):
        simulate_goodput((CHIPS,), rules, interruptions=1)
    with pytest.raises(InvalidInput, match="interval_s"):
        simulate_goodput((CHIPS,), Checkpointing(write_s=30, restart_s=180))
    with pytest.raises(InvalidInput, match="0 sites"):
        simulate_elastic([], Rejoining(round_s=1, restart_s=1))
