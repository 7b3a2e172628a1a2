"""The modes in one order, all or of one rate."""

import pytest

import topodesign as td
from topodesign.domain.errors import InvalidInput


def test_every_mode_is_listed_once_the_highest_rate_first_and_the_cheapest_of_a_rate_before_others():
    modes = td.list_modes()
    assert {mode.id for mode in modes} == {mode.id for mode in td.load_catalog().transceivers}
    assert len(modes) == len(td.load_catalog().transceivers)
    keys = [(-mode.rate_gbps, mode.cost_usd, mode.power_w, mode.width_ghz, mode.id) for mode in modes]
    assert keys == sorted(keys)


def test_the_modes_of_all_rates_are_the_modes():
    rates = sorted({mode.rate_gbps for mode in td.list_modes()}, reverse=True)
    assert tuple(mode for rate in rates for mode in td.list_modes(rate_gbps=rate)) == td.list_modes()
    assert td.list_modes(rate_gbps=555) == ()


@pytest.mark.parametrize("rate", [0, -400, float("nan"), float("inf")])
def test_a_rate_that_is_none_is_refused(rate):
    with pytest.raises(InvalidInput) as caught:
        td.list_modes(rate_gbps=rate)
    assert caught.value.field_path == "rate_gbps"
