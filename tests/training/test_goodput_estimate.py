"""Goodput from a job's size or parts: by hand, beside its simulation, and within its limits."""

import math

import pytest

import topodesign as td
from topodesign.domain.errors import InvalidInput

HOURLY = td.FailingParts(name="all", count=1, mtbf_h=1.0)


def test_intervals_and_shares_are_those_of_young_and_daly_by_hand() -> None:
    found = td.estimate_goodput(parts=(HOURLY,), write_s=18, restart_s=36)
    young, daly, best = found.intervals
    # sqrt(2 x 18 x 3600) = 360; Daly: 360 (1 + sqrt(x) / 3 + x / 9) - 18 with x = 18 / 7200 = 1/400
    assert young.interval_s == pytest.approx(360.0)
    assert daly.interval_s == pytest.approx(360 * (1 + 1 / 60 + 1 / 3600) - 18)
    # t / (M e^(R/M) (e^((t + d)/M) - 1)) at Young's t
    assert young.goodput == pytest.approx(0.1 / (math.exp(0.01) * math.expm1(0.105)))
    assert best.goodput >= max(young.goodput, daly.goodput)
    assert (found.restart.mtti_h, found.restart.interval_s) == (1.0, best.interval_s)
    t = best.interval_s
    assert found.first_order_loss == pytest.approx(18 / t + t / 7200 + 36 / 3600)


def test_accelerators_fail_as_the_catalogue_says() -> None:
    """16,384 H100 of Llama 3 (arXiv:2407.21783, table 5): the kinds counted are 268 GPU, 46 host, 63 software and 7
    network adapter interruptions in 54 days, 1296 h; links are 0.057 % a month by another source."""
    found = td.estimate_goodput(accelerators=16_384, write_s=30, restart_s=180)
    by_name = {share.name: share.rate_per_h * 1296 for share in found.shares}
    assert by_name["accelerators"] == pytest.approx(268, rel=1e-3)
    assert by_name["hosts"] == pytest.approx(46, rel=1e-3)
    assert by_name["software"] == pytest.approx(63, rel=1e-3)
    assert by_name["network adapters"] == pytest.approx(7, rel=1e-3)
    assert sum(share.share for share in found.shares) == pytest.approx(1)


def test_the_interruptions_of_a_job_do_not_depend_on_how_its_replicas_are_told() -> None:
    chips = td.FailingParts(name="chips", count=100, mtbf_h=1_000)
    both = (
        td.JobSite(site_id="a", accelerators=50, parts=(chips,)),
        td.JobSite(site_id="b", accelerators=50, parts=(chips,)),
    )
    told_once = (td.JobSite(site_id="a", accelerators=100, parts=(chips,), replicas=2),)
    figures = {"write_s": 10, "restart_s": 60, "rejoining": td.Rejoining(round_s=60, restart_s=60)}
    apart, together = (td.estimate_goodput(sites=sites, **figures) for sites in (both, told_once))
    assert apart.restart == together.restart
    assert apart.elastic is not None and together.elastic is not None
    assert apart.elastic.goodput == pytest.approx(together.elastic.goodput)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_simulations_are_near_the_closed_forms_and_repeat_themselves(seed: int) -> None:
    options = {
        "accelerators": 16_384,
        "site_count": 4,
        "parts": (td.FailingParts(name="zone", count=1, mtbf_h=500, wait_s=7_200),),
        "write_s": 60,
        "restart_s": 300,
        "rejoining": td.Rejoining(round_s=600, restart_s=300, reform_s=30),
        "interruptions": 5_000,
        "seed": seed,
    }
    found = td.estimate_goodput(**options)
    assert found == td.estimate_goodput(**options)
    assert found.elastic is not None and found.simulated is not None and found.simulated_elastic is not None
    # five standard errors: once in a million draws
    assert abs(found.simulated.goodput - found.restart.useful) < 5 * found.simulated.standard_error
    assert abs(found.simulated_elastic.goodput - found.elastic.goodput) < 5 * found.simulated_elastic.standard_error


def test_what_never_fails_is_not_drawn() -> None:
    never = td.FailingParts(name="never", count=1, mtbf_h=math.inf)
    found = td.estimate_goodput(parts=(never,), write_s=30, restart_s=30, interruptions=100)
    assert (found.restart.mtti_h, found.restart.useful, found.first_order_loss) == (math.inf, 1.0, None)
    assert found.simulated is None
    assert any("nothing was drawn" in line for line in found.assumptions)


def test_a_simulation_is_bounded_by_all_that_it_draws() -> None:
    whole = {"accelerators": 1_000, "write_s": 1, "restart_s": 1, "rejoining": td.Rejoining(round_s=1, restart_s=1)}
    with pytest.raises(InvalidInput, match="draw at most") as caught:
        td.estimate_goodput(**whole, site_count=1_000, interruptions=1_000)
    fits = int(caught.value.metadata["limit"])
    assert caught.value.reason == "SIMULATION_TOO_LARGE"
    assert td.estimate_goodput(**whole, site_count=1_000, interruptions=fits).simulated is not None
    replicas = td.JobSite(site_id="a", accelerators=1, parts=(HOURLY,), replicas=10**9)
    with pytest.raises(InvalidInput, match="join parts, sites or replicas"):
        td.estimate_goodput(
            sites=(replicas,), write_s=1, restart_s=1, interruptions=2, rejoining=td.Rejoining(round_s=1, restart_s=1)
        )


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"sites": (td.JobSite(site_id="a", accelerators=1, parts=()),)}, "accelerators"),
        ({"accelerators": None, "parts": (HOURLY,), "rejoining": td.Rejoining(round_s=1, restart_s=1)}, "rejoining"),
        ({"accelerators": None, "parts": (HOURLY,), "site_count": 2}, "site_count"),
        ({"accelerators": None, "sites": (td.JobSite(site_id="a", accelerators=1, parts=()),) * 2}, "sites"),
        ({"accelerators": None, "sites": (td.JobSite(site_id="a", accelerators=1e300, parts=()),)}, "sites"),
        ({"parts": (td.FailingParts(name="often", count=1e300, mtbf_h=1e-300),)}, "parts"),
        ({"parts": (HOURLY,) * 101}, "parts"),
        ({"rejoining": td.Rejoining(round_s=1e300, restart_s=1)}, "rejoining"),
        ({"write_s": math.nan}, "write_s"),
        ({"restart_s": -1}, "restart_s"),
        ({"seed": -1}, "seed"),
    ],
)
def test_wrong_jobs_are_refused_by_the_field(changes, field) -> None:
    with pytest.raises(InvalidInput) as caught:
        td.estimate_goodput(**{"accelerators": 100, "write_s": 1, "restart_s": 1, **changes})
    assert caught.value.field_path == field
