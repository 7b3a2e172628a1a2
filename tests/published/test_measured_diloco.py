"""DiLoCo measured over links of a known rate, against the closed form.

Source: public repository Adnan082/diloco-measured, README and results/raw, August 2026: 30.8 million parameters, FP32
pseudo-gradients, four L40S of one node each, TCP over links shaped to 50 Mbit/s to 5 Gbit/s (measured at 0.993 of
that), a step of 25 to 27 ms. Medians of three runs, printed to a hundredth of a percent.
"""

import pytest

import topodesign as td

LINKS_GBPS = (0.05, 0.2, 1.0, 5.0)
SHAPED = 0.993
MEASURED = {
    1: (0.0007, 0.0032, 0.0174, 0.0776),
    8: (0.0055, 0.0248, 0.1235, 0.4024),
    32: (0.0241, 0.1001, 0.3601, 0.6810),
    128: (0.1155, 0.3609, 0.7152, 0.8700),
}
CELLS = [(steps, gbps, row[place]) for steps, row in MEASURED.items() for place, gbps in enumerate(LINKS_GBPS)]


def estimated(steps: int, gbps: float, *, sites: int) -> float:
    return td.estimate_training(
        parameters=30.8e6,
        bits_per_element=32,
        step_s=0.026,
        sites=sites,
        method="diloco",
        inner_steps=steps,
        gbps=gbps,
        goodput_factor=SHAPED,
    ).utilization


@pytest.mark.parametrize(("steps", "gbps", "measured"), CELLS)
def test_measured_utilization_is_below_one_copy_over_the_link(steps: int, gbps: float, measured: float) -> None:
    # the repository's own comparison, H T / (H T + P q / B), which is our two sites: measured is 1.08 to 1.92 times
    # lower everywhere; to the printed digits and the spread of T here 1.05 to 1.95
    assert 1.05 <= estimated(steps, gbps, sites=2) / measured <= 1.95


@pytest.mark.parametrize(("steps", "gbps", "measured"), CELLS)
def test_the_ring_of_four_sites_explains_most_of_that(steps: int, gbps: float, measured: float) -> None:
    # 2 (N - 1) / N = 1.5 copies leave each of four: what is left are 0.85 to 1.26 times
    assert 0.85 <= estimated(steps, gbps, sites=4) / measured <= 1.27


def test_half_to_nine_tenths_are_sound_factors_for_a_line_rate() -> None:
    # the rate with which the closed form of two sites says what was measured, over the rate that there was
    factors = []
    for steps, gbps, measured in CELLS:
        needed = td.estimate_training(
            parameters=30.8e6,
            bits_per_element=32,
            step_s=0.026,
            sites=2,
            method="diloco",
            inner_steps=steps,
            utilization=measured,
        )
        factors.append(needed.required_gbps / (gbps * SHAPED))
    assert 0.39 < min(factors) < 0.54
    assert max(factors) < 0.9
    assert sorted(factors)[len(factors) // 2] == pytest.approx(0.65, abs=0.03)
