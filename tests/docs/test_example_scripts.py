"""The example scripts in docs/examples run, and show what their prose says."""

import io
import re
import runpy
from contextlib import redirect_stdout

import pytest
from documented.blocks import ROOT

EXAMPLES = ROOT / "docs/examples"


def printed_by(script, monkeypatch) -> str:
    monkeypatch.chdir(ROOT)
    out = io.StringIO()
    with redirect_stdout(out):
        runpy.run_path(str(EXAMPLES / script))
    return out.getvalue()


def test_protection_against_cuts_costs_money_and_keeps_the_bandwidth(monkeypatch):
    printed = printed_by("regional_campus.py", monkeypatch)
    protected, exposed = (float(text.replace(",", "")) for text in re.findall(r": ([\d,]+) M USD, network", printed))
    assert protected > exposed
    assert printed.count("verified: True") == 2
    # 2.5e14 parameters x 16 bit / (0.8 x 1 s) = 5 Pbit/s
    needed, left = re.search(r"any one cut: ([\d.]+) Pbit/s needed.*\n +([\d.]+) left", printed).groups()
    assert needed == "5.0"
    assert float(left) >= 5.0


def test_the_united_states_cost_most_for_energy_and_their_longest_light_is_regenerated(monkeypatch):
    printed = printed_by("united_states.py", monkeypatch)
    items = re.findall(r"^([a-z_]+) +[\d,.]+ M USD +([\d.]+)%$", printed, re.MULTILINE)
    assert items[0][0] == "energy"
    assert sum(float(share) for _, share in items) == pytest.approx(100, abs=0.05 * len(items))  # rounded to 0.1
    assert "\nTrue []\n" in printed
    assert re.search(r"again at \('US", printed)
    assert "no rate fits" in printed


def test_with_a_price_of_carbon_most_megawatts_in_europe_are_in_france(monkeypatch):
    printed = printed_by("europe.py", monkeypatch)
    by_zone: dict[str, float] = {}
    for zone, megawatts in re.findall(r"\(([A-Z]{2})\): (\d+) MW at", printed):
        by_zone[zone] = by_zone.get(zone, 0) + float(megawatts)
    # 921,600 accelerators x 1875 W at a PUE of 1.15 are 1987 MW; each site is rounded to 1 MW
    assert sum(by_zone.values()) == pytest.approx(1987, abs=8)
    assert max(by_zone, key=by_zone.__getitem__) == "FR"
    assert "not guaranteed" in printed
