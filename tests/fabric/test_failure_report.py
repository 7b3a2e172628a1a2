"""Failure reports: what is asked in text, draws from a seed, enumeration by proven symmetry, goodput of slices."""

from fractions import Fraction
from math import comb

import numpy as np
import pytest
from fabric.failure_fabrics import WrittenFabric, figures_of, without
from hypothesis import given, settings
from hypothesis import strategies as st

from topodesign.domain.codec import decode_json, encode_json
from topodesign.domain.errors import InvalidInput
from topodesign.domain.fabric import Clos, FabricSpec, Torus
from topodesign.domain.fabric_failures import FailureKind, FailureReport, FailureSet, FailureSpec
from topodesign.fabric import failure_report, slice_goodput, topology_of
from topodesign.fabric.failures import FailureDomains
from topodesign.fabric.failures_report import drawn
from topodesign.fabric.failures_symmetry import classes_of


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("switch=2,link=1%,ocs=1", "switch=2,link=1%,ocs=1"),
        (" link = 0.25% ; ocs=each", "link=0.25%;ocs=each"),
        ("host=100%", "host=100%"),
    ],
)
def test_failures_are_read_and_written(text: str, written: str) -> None:
    found = FailureSpec.parse(text)
    assert found.text == written
    assert FailureSpec.parse(found.text) == found


@pytest.mark.parametrize(
    ("text", "reason", "message"),
    [
        ("", "FAILURES_INVALID", "is none of link, switch, nic, host, ocs, block"),
        ("switches=2", "FAILURES_INVALID", "'switches' is none of link"),
        ("switch", "FAILURES_INVALID", "no count, no share such as 1% and not each"),
        ("switch=-1", "FAILURES_INVALID", "'-1' is no count"),
        ("switch=1.5", "FAILURES_INVALID", "'1.5' is no count"),
        ("link=nan%", "FAILURES_INVALID", "'nan%' is no count"),
        ("link=1e9", "FAILURES_INVALID", "'1e9' is no count"),
        ("link=0", "FIELD_INVALID", "at least 1"),
        ("link=0%", "FIELD_INVALID", "greater than 0"),
        ("link=101%", "FIELD_INVALID", "at most 1"),
        ("link=1,link=2", "FIELD_INVALID", "at most once"),
        ("link=each,ocs=1", "FIELD_INVALID", "one kind alone"),
    ],
)
def test_failures_that_cannot_be_read_are_told(text: str, reason: str, message: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        FailureSpec.parse(text)
    assert caught.value.reason == reason
    assert message in caught.value.message


@pytest.mark.parametrize(("field", "value"), [("samples", 0), ("samples", 10_001), ("seed", -1)])
def test_samples_and_seed_have_limits(field: str, value: int) -> None:
    with pytest.raises(InvalidInput, match=field):
        FailureSpec.parse("link=1", **{field: value})


def test_shares_are_rounded_and_at_least_one() -> None:
    # 1 % of 48 is 0.48, of 192 is 1.92, 2.5 % of 100 is 2.5
    one, half = FailureSpec.parse("ocs=1%").sets[0].parts[0], FailureSpec.parse("ocs=2.5%").sets[0].parts[0]
    assert [one.of(48), one.of(192), half.of(100)] == [1, 2, 3]


def test_more_failures_than_units_are_told() -> None:
    with pytest.raises(InvalidInput, match=r"ocs=49.*at most 48"):
        failure_report(Torus(shape=(8, 8, 8)), FailureSpec.parse("ocs=49"))


def test_the_same_seed_gives_the_same_report() -> None:
    spec = Torus(shape=(3, 3, 2))
    first, again, other = (
        failure_report(spec, FailureSpec.parse("link=3,host=1", samples=5, seed=seed)) for seed in (4, 4, 5)
    )
    assert first == again
    assert first.sets != other.sets


def test_draws_with_more_failures_hold_those_with_fewer() -> None:
    domains = FailureDomains(topology_of(Torus(shape=(8, 8, 8))))

    def links(text: str) -> set[int]:
        return set(drawn(domains, FailureSpec.parse(text).sets[0], seed=3, sample=7)["link"].tolist())

    assert links("link=10") < links("link=5%")
    assert links("link=10") == links("ocs=2,link=10")


def test_every_unit_is_drawn_alike() -> None:
    # 1 of 6 links, 600 samples: 100 each expected, standard deviation 9.1; 5 of them as tolerance, seed fixed
    domains = FailureDomains(topology_of(Torus(shape=(6,))))
    one = FailureSpec.parse("link=1").sets[0]
    found = np.bincount([int(drawn(domains, one, seed=0, sample=sample)["link"][0]) for sample in range(600)])
    assert abs(found - 100).max() < 46


def test_a_report_says_how_often_and_how_bad() -> None:
    # a path of 3 with one dead link: a part of 2 and one alone, 2 of 6 ordered pairs connected, whichever link it is
    report = failure_report(
        Torus(shape=(3,), wrap=(False,), link_gbps=100),
        FailureSpec.parse("link=1", samples=4, accelerators_per_host=1),
    )
    found = report.sets[0]
    assert (found.outcomes, found.enumerated, found.failed[0].failed, found.failed[0].units) == (4, False, 1, 2)
    assert found.connected_share.mean == pytest.approx(1 / 3)
    assert (found.disconnected_pairs.min, found.in_service.max, found.diameter_hops.max) == (4, 2, 1)
    assert found.alltoall_gbps.exact
    assert found.alltoall_gbps.upper.mean == pytest.approx(100)
    assert report.whole.alltoall_upper_gbps == pytest.approx(100)  # 2 pairs each way over each link, 2 sent by each
    assert decode_json(encode_json(report), FailureReport, what="report") == report


@pytest.mark.parametrize(
    ("spec", "kind", "classes"),
    [
        (Torus(shape=(4, 4)), "link", 1),
        (Torus(shape=(4, 6)), "link", 2),
        (Torus(shape=(4, 4), wrap=(True, False)), "link", 4),
        (Torus(shape=(8, 8, 8)), "ocs", 1),
        (Clos(accelerators=16, radix=4, tiers=3), "host", 1),
        (Clos(accelerators=8, radix=4), "switch", 2),
    ],
)
def test_units_of_one_class_leave_the_same_fabric(spec: FabricSpec, kind: FailureKind, classes: int) -> None:
    topology = topology_of(spec)
    domains = FailureDomains(topology, 2)
    found = classes_of(domains, domains.units(kind))
    assert len(np.unique(found)) <= classes
    for number in np.unique(found).tolist():
        members = np.flatnonzero(found == number).tolist()[:4]
        left = [without(topology, kind, [unit], 2) for unit in members]
        assert len({one.connected_pairs for one in left}) == 1
        figures = [figures_of(topology, one, outcomes=100) for one in left]
        assert len({one.diameter for one in figures}) == 1
        degrees = [
            np.sort(np.bincount(np.concatenate([one.graph.a, one.graph.z]), minlength=one.graph.vertices))
            for one in left
        ]
        assert all(np.array_equal(one, degrees[0]) for one in degrees)


def test_an_enumerated_set_stands_for_every_single_failure() -> None:
    # a path of 4: a dead end link leaves 3 and 1 (6 of 12 pairs), the middle one 2 and 2 (4 of 12): mean 16/36
    report = failure_report(Torus(shape=(4,), wrap=(False,)), FailureSpec.parse("link=each", accelerators_per_host=1))
    found = report.sets[0]
    assert (found.outcomes, found.enumerated) == (3, True)
    assert found.connected_share.mean == pytest.approx(16 / 36)
    assert (found.connected_share.min, found.connected_share.max) == (4 / 12, 6 / 12)


def test_single_dead_links_of_a_torus_cost_one_link_of_width() -> None:
    # every half along an axis can be turned so that the dead link is cut, and no cut loses more than it
    found = failure_report(Torus(shape=(8, 8, 8), link_gbps=1), FailureSpec.parse("link=each")).sets[0]
    assert found.bisection_gbps.exact
    assert found.bisection_gbps.upper.min == found.bisection_gbps.upper.max == 127
    assert found.outcomes == 3 * 512


def test_what_was_never_connected_is_told_of_the_whole_fabric() -> None:
    # a triangle and two pairs beside it: 6 + 2 + 2 of 42 ordered pairs; the triangle is in service
    apart = WrittenFabric(7, 7, ((0, 1, 1), (0, 2, 1), (1, 2, 1), (3, 4, 1), (5, 6, 1)))
    left = FailureDomains(apart, 1).without({})
    assert (left.in_service.tolist(), left.connected_pairs, left.links_lost) == ([0, 1, 2], 10, 0)
    assert figures_of(apart, left).rate.upper == pytest.approx(2)


def test_worst_outcome_is_the_one_with_the_least_rate() -> None:
    report = failure_report(Torus(shape=(5,)), FailureSpec.parse("link=each;link=1", samples=3))
    assert [one.worst_outcome for one in report.sets] == [0, 0]


@given(st.integers(1, 12), st.integers(1, 4), st.data(), st.floats(0, 1))
@settings(deadline=None)
def test_goodput_by_all_states(blocks: int, hosts: int, data: st.DataObject, up: float) -> None:
    # the sum over all numbers of working blocks, in fractions
    size = data.draw(st.integers(1, blocks))
    found = slice_goodput(blocks=blocks, hosts_per_block=hosts, slice_blocks=size, host_availability=up)
    q = Fraction(up) ** hosts
    expected = sum(
        comb(blocks, working) * q**working * (1 - q) ** (blocks - working) * (working // size) * size
        for working in range(blocks + 1)
    )
    assert found.with_ocs == pytest.approx(float(expected / blocks), rel=1e-9, abs=1e-12)
    assert found.without_ocs == pytest.approx(float(blocks // size * size * q**size / blocks), rel=1e-9, abs=1e-12)
    assert 0 <= found.without_ocs <= found.with_ocs <= 1


def test_slices_of_one_block_need_no_switching() -> None:
    found = slice_goodput(blocks=64, hosts_per_block=16, slice_blocks=1, host_availability=0.99)
    assert found.with_ocs == pytest.approx(0.99**16)
    assert found.without_ocs == pytest.approx(0.99**16)


def test_a_slice_larger_than_the_pod_is_told() -> None:
    with pytest.raises(InvalidInput, match=r"slice_blocks is 65.*at most 64"):
        slice_goodput(blocks=64, hosts_per_block=16, slice_blocks=65, host_availability=0.99)


def test_a_set_without_parts_is_told() -> None:
    with pytest.raises(InvalidInput, match="at least one kind"):
        FailureSet(parts=())
