"""``topodesign optics modes``: a table with units for people, figures with origins in JSON."""

import json

import pytest

from topodesign.api import list_modes
from topodesign.cli.app import run


def test_modes_are_listed_for_people_with_units_and_the_source_of_prices(capsys):
    assert run(["optics", "modes"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    # OIF-400ZR-01.0: 26 dB, 120 km, one span; 75 GHz since 02.0
    zr = next(line.split() for line in out.splitlines() if line.startswith("zr-400 "))
    assert zr == ["zr-400", "400", "59.84", "75", "26.0", "120", "1", "2,400", "15", "3,000"]
    zr_plus = next(line.split() for line in out.splitlines() if line.startswith("zrplus-400 "))
    assert zr_plus[6] == "any"
    assert "zr-400: indicative street price, USD 2,000 to 4,000 (2026-11, confidence low)" in out


def test_every_figure_of_a_listed_mode_has_an_origin(capsys):
    assert run(["optics", "modes", "--rate", "400", "--json"]) == 0
    modes = json.loads(capsys.readouterr().out)["modes"]
    assert {mode["rate_gbps"] for mode in modes} == {400}
    for mode in modes:
        figures = [name for name, value in mode.items() if isinstance(value, int | float)]
        assert "cost_usd" in figures
        for figure in figures:
            origin = mode["origins"].get(figure) or mode["origins"]["*"]
            assert origin.keys() == {"source", "date", "confidence"}


def test_a_rate_without_modes_says_which_rates_there_are(capsys):
    assert run(["optics", "modes", "--rate", "555"]) == 0
    rates = sorted({mode.rate_gbps for mode in list_modes()})
    told = ", ".join(f"{rate:g}" for rate in rates)
    assert capsys.readouterr().out == f"no mode has 555 Gbit/s; there are modes of {told} Gbit/s\n"
    assert run(["optics", "modes", "--rate", "555", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"modes": []}


@pytest.mark.parametrize("rate", ["0", "-400", "nan", "inf"])
def test_a_rate_that_is_none_is_refused(capsys, rate):
    assert run(["optics", "modes", "--rate", rate, "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["problems"][0]["field"] == "rate_gbps"
