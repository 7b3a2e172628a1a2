"""Copies of checkpoints at another site."""

import math

import pytest

from topodesign.domain.errors import InvalidInput
from topodesign.training.checkpointing_traffic import checkpoint_traffic, transfer_s


def test_traffic_of_a_405b_model_by_hand() -> None:
    # 405e9 x 14 B x 8 = 45.36 Tbit; every 15 minutes over lines that are used to 0.8: 45.36e3 / 0.8 / 900 = 63 Gbit/s;
    # back over 400 Gbit/s: 45.36e3 / 320 = 141.75 s, and 5 ms
    found = checkpoint_traffic(405e9, 900, line_gbps=400, latency_s=0.005)
    assert found.bits == pytest.approx(45.36e12)
    assert found.gbps == pytest.approx(63)
    assert found.restore_s == pytest.approx(141.755)


def test_a_copy_that_is_never_made_takes_no_bandwidth() -> None:
    found = checkpoint_traffic(405e9, math.inf)
    assert (found.gbps, found.restore_s) == (0, None)


def test_twice_the_line_takes_half_the_time() -> None:
    assert transfer_s(1e12, 200) == pytest.approx(2 * transfer_s(1e12, 400))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"parameters": 0.0}, "parameters"),
        ({"interval_s": 0.0}, "interval_s"),
        ({"bytes_per_parameter": -1.0}, "bytes_per_parameter"),
        ({"goodput_factor": 1.1}, "goodput_factor"),
        ({"line_gbps": -400.0}, "line_gbps"),
        ({"line_gbps": 400.0, "latency_s": -1.0}, "latency_s"),
    ],
)
def test_figures_out_of_range_are_refused_by_name(changes: dict[str, float], field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        checkpoint_traffic(**{"parameters": 1e9, "interval_s": 60.0, **changes})
    assert caught.value.field_path == field
