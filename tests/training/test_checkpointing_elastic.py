"""Sites that go on without one that is hit, and cuts of the light between them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topodesign.domain.errors import InvalidInput
from topodesign.domain.goodput import Checkpointing, FailingParts, JobSite, Rejoining
from topodesign.training.checkpointing import exact_goodput, goodput
from topodesign.training.checkpointing_elastic import elastic_goodput, link_cuts, with_pauses

CHECKPOINTS = Checkpointing(write_s=30, restart_s=180)


def site(name: str, accelerators: float, mtbf_h: float, wait_s: float = 0.0) -> JobSite:
    parts = (FailingParts(name="all", count=1, mtbf_h=mtbf_h, wait_s=wait_s),)
    return JobSite(site_id=name, accelerators=accelerators, parts=parts)


def test_sites_count_by_their_accelerators() -> None:
    # a: waits an hour for every hour that it runs, nothing else is lost: half; b never fails. 3 to 1: 0.625
    sites = [site("a", 300, 1.0, wait_s=3600), site("b", 100, math.inf)]
    found = elastic_goodput(sites, Rejoining(round_s=0, restart_s=0))
    assert found.goodput == pytest.approx(0.625)
    assert (found.reforming, found.all_away) == (0, 0)


def test_everybody_waits_while_a_site_leaves_and_comes_back() -> None:
    # a leaves every 2 h; twice 90 s for every 7200 s: 180 / 7380 of the time, and less of 0.75
    sites = [site("a", 1, 1.0, wait_s=3600), site("b", 1, math.inf)]
    found = elastic_goodput(sites, Rejoining(round_s=0, restart_s=0, reform_s=90))
    assert found.reforming == pytest.approx(180 / 7380)
    assert found.goodput == pytest.approx(0.75 * 7200 / 7380)


def test_a_single_site_is_a_job_with_free_checkpoints_every_round() -> None:
    found = elastic_goodput([site("a", 7, 3.0, wait_s=60)], Rejoining(round_s=100, restart_s=50, reform_s=1000))
    alone = exact_goodput(100, write_s=0, restart_s=50, mtti_s=3 * 3600, wait_s=60)
    assert found.goodput == pytest.approx(float(alone))
    assert found.all_away == pytest.approx(found.by_site["a"].restart + found.by_site["a"].waiting)


@given(
    sites=st.lists(st.tuples(st.floats(1, 1e6), st.floats(0.1, 1e6), st.floats(0, 1e5)), min_size=1, max_size=6),
    restart=st.floats(0, 1000),
)
def test_going_on_is_never_worse_than_restarting_all(sites: list[tuple[float, float, float]], restart: float) -> None:
    # the same parts, restart and loss of work; a restart of all adds up the rates of all sites
    job = [site(str(number), *figures) for number, figures in enumerate(sites)]
    interval = 100.0
    together = goodput(
        Checkpointing(write_s=0, restart_s=restart, interval_s=interval),
        1 / sum(1 / mtbf for _, mtbf, _ in sites),
        wait_s=sum(wait / mtbf for _, mtbf, wait in sites) / sum(1 / mtbf for _, mtbf, _ in sites),
    )
    apart = elastic_goodput(job, Rejoining(round_s=interval, restart_s=restart))
    assert apart.goodput >= together.useful * (1 - 1e-9)


def test_a_million_accelerators_need_sites_that_go_on() -> None:
    # Llama 3's 50,677 h for each of 1.2 million: an interruption every 152 s. A restart of 180 s hardly ever ends;
    # eight sites, each hit every 20 minutes, train on
    together = goodput(CHECKPOINTS, 50_677 / 1.2e6)
    sites = [
        JobSite(
            site_id=str(number),
            accelerators=150_000,
            parts=(FailingParts(name="chips", count=150_000, mtbf_h=50_677),),
        )
        for number in range(8)
    ]
    apart = elastic_goodput(sites, Rejoining(round_s=60, restart_s=180))
    assert together.useful < 0.20 < 0.80 < apart.goodput
    assert apart.all_away < 1e-6


def test_replicas_of_a_site_are_so_many_sites() -> None:
    rejoining = Rejoining(round_s=60, restart_s=180, reform_s=5)
    part = FailingParts(name="chips", count=100, mtbf_h=500, wait_s=30)
    together = elastic_goodput([JobSite(site_id="a", accelerators=400, parts=(part,), replicas=4)], rejoining)
    apart = [JobSite(site_id=str(number), accelerators=100, parts=(part,)) for number in range(4)]
    expected = elastic_goodput(apart, rejoining)
    assert together.goodput == pytest.approx(expected.goodput, rel=1e-12)
    assert together.reforming == pytest.approx(expected.reforming, rel=1e-12)
    assert together.all_away == pytest.approx(expected.all_away, rel=1e-12)
    with pytest.raises(InvalidInput, match="replicas"):
        JobSite(site_id="a", accelerators=1, parts=(), replicas=0)


def test_a_cut_costs_50_ms_with_protection_and_restarts_all_without() -> None:
    # 10 cuts a year, half at each site, light back after 12 h: 8760 h of running, then 10 x 12 h of waiting
    sites = [site("a", 1, 1752.0, wait_s=12 * 3600), site("b", 1, 1752.0, wait_s=12 * 3600)]
    found = link_cuts(sites, checkpointing=CHECKPOINTS, rejoining=Rejoining(round_s=600, restart_s=180))
    assert found.cuts_per_year == pytest.approx(10)
    assert 1 - found.protected == pytest.approx(10 * 0.05 / (8760 * 3600), rel=1e-6)
    assert found.restart.waiting == pytest.approx(120 / 8880)
    # alone, each site waits half as often, and the other goes on
    assert found.restart.useful < found.continue_without < found.protected
    assert 1 - found.continue_without == pytest.approx(12 / 1764, rel=0.08)


def test_light_that_is_never_cut_costs_nothing() -> None:
    found = link_cuts([site("a", 1, math.inf)], checkpointing=CHECKPOINTS, rejoining=Rejoining(round_s=9, restart_s=1))
    assert (found.cuts_per_year, found.protected, found.restart.useful, found.continue_without) == (0, 1, 1, 1)


def test_pauses_shrink_all_shares_alike() -> None:
    # 36 pauses of 10 s an hour: a tenth more time, all of it waiting
    before = goodput(CHECKPOINTS, 3.0, wait_s=100)
    after = with_pauses(before, pauses_per_h=36, pause_s=10)
    assert after.useful == pytest.approx(before.useful / 1.1)
    assert after.waiting == pytest.approx((before.waiting + 0.1) / 1.1)
    shares = (after.useful, after.writing, after.rework, after.restart, after.waiting)
    assert math.fsum(shares) == pytest.approx(1)


def test_sites_that_can_never_restart_do_nothing() -> None:
    found = elastic_goodput(
        [site("a", 1, 1e-3), site("b", 1, math.inf)], Rejoining(round_s=1, restart_s=1e5, reform_s=9)
    )
    assert found.goodput == pytest.approx(0.5)
    assert found.reforming == 0


def test_a_job_without_sites_is_refused() -> None:
    rejoining = Rejoining(round_s=1, restart_s=1)
    for job in (
        lambda: elastic_goodput([], rejoining),
        lambda: link_cuts([], checkpointing=CHECKPOINTS, rejoining=rejoining),
    ):
        with pytest.raises(InvalidInput, match="0 sites") as caught:
            job()
        assert caught.value.reason == "NO_SITES"


def test_negative_times_and_sites_without_accelerators_are_refused() -> None:
    for name in ("round_s", "restart_s", "reform_s"):
        with pytest.raises(InvalidInput, match=f"rejoining.{name}"):
            Rejoining(**{"round_s": 1.0, "restart_s": 1.0, name: -1.0})
    with pytest.raises(InvalidInput, match="accelerators"):
        site("a", 0, 1.0)
    with pytest.raises(InvalidInput, match="pause_s"):
        link_cuts(
            [site("a", 1, 9.0)],
            checkpointing=CHECKPOINTS,
            rejoining=Rejoining(round_s=1, restart_s=1),
            protection_s=-1,
        )
