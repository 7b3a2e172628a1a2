"""Parts that interrupt a job: rates add up, waits are weighted, and nonsense is refused."""

import math
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topodesign.domain.errors import InvalidInput
from topodesign.domain.goodput import FailingParts
from topodesign.training.interruptions import (
    interruption_shares,
    interruptions_per_h,
    mean_time_to_interrupt_h,
    mean_wait_s,
    mtbf_of_record_h,
    outage_parts,
)

CHIPS = FailingParts(name="chips", count=1000, mtbf_h=50_000)
SITE = FailingParts(name="site", count=2, mtbf_h=400, wait_s=3600)
PART = st.builds(
    FailingParts,
    name=st.sampled_from("abc"),
    count=st.just(0.0) | st.floats(min_value=1e-6, max_value=1e6),
    mtbf_h=st.floats(min_value=1, max_value=1e9) | st.just(math.inf),
    wait_s=st.floats(min_value=0, max_value=1e6),
)


def test_rates_of_parts_add_up() -> None:
    # 1000/50,000 + 2/400 = 0.02 + 0.005 an hour: every 40 h, a fifth of them by a site that takes an hour
    assert interruptions_per_h([CHIPS, SITE]) == pytest.approx(0.025)
    assert mean_time_to_interrupt_h([CHIPS, SITE]) == pytest.approx(40)
    assert mean_wait_s([CHIPS, SITE]) == pytest.approx(720)
    assert [(item.name, item.share) for item in interruption_shares([SITE, CHIPS])] == [
        ("chips", pytest.approx(0.8)),
        ("site", pytest.approx(0.2)),
    ]


@given(parts=st.lists(PART, max_size=6), extra=PART)
def test_another_part_never_lengthens_the_time_to_an_interruption(
    parts: list[FailingParts], extra: FailingParts
) -> None:
    assert mean_time_to_interrupt_h([*parts, extra]) <= mean_time_to_interrupt_h(parts)
    assert interruption_shares([*parts, extra]) == interruption_shares([extra, *parts])
    longest_s = max([0.0, *(item.wait_s for item in parts)])
    assert mean_wait_s(parts) <= longest_s * (1 + 1e-12) + sys.float_info.min  # subnormal waits have fewer digits


def test_parts_that_never_fail_interrupt_nothing() -> None:
    sound = FailingParts(name="sound", count=1e9, mtbf_h=math.inf, wait_s=9)
    for parts in ((), (sound,)):
        assert mean_time_to_interrupt_h(parts) == math.inf
        assert mean_wait_s(parts) == 0
        assert all(item.share == 0 for item in interruption_shares(parts))
    assert mtbf_of_record_h(1000, 0) == math.inf
    assert outage_parts("zone", availability=1.0, repair_h=4).rate_per_h == 0


def test_a_zone_is_down_as_often_as_its_availability_says() -> None:
    # up 0.999 with repairs of 4 h: fails every 3996 h of being up; 4 / (3996 + 4) = 0.001
    zone = outage_parts("PJM", availability=0.999, repair_h=4)
    assert zone.mtbf_h == pytest.approx(3996)
    assert zone.wait_s == 4 * 3600


@pytest.mark.parametrize("availability", [-0.1, 0.0, 1.0001, math.nan, math.inf])
def test_a_probability_that_is_none_is_refused(availability: float) -> None:
    with pytest.raises(InvalidInput, match="availability of PJM"):
        outage_parts("PJM", availability=availability, repair_h=4)


@pytest.mark.parametrize(
    "changes", [{"count": -1.0}, {"mtbf_h": 0.0}, {"mtbf_h": -3.0}, {"wait_s": -1.0}, {"name": ""}]
)
def test_parts_that_make_no_sense_are_refused(changes: dict[str, float]) -> None:
    with pytest.raises(InvalidInput, match=f"parts.{next(iter(changes))}"):
        FailingParts(**{"name": "chips", "count": 1.0, "mtbf_h": 10.0, **changes})  # type: ignore[arg-type]


def test_records_that_make_no_sense_are_refused() -> None:
    with pytest.raises(InvalidInput, match="part_hours"):
        mtbf_of_record_h(0, 3)
    with pytest.raises(InvalidInput, match="interruptions"):
        mtbf_of_record_h(10, -3)
