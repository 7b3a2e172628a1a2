"""Futures files: what they may say, and what is refused with its reason."""

import dataclasses
from pathlib import Path

import pytest
from uncertainty.line import line
from uncertainty.ring import future, ring

import topodesign
from topodesign.domain.errors import InvalidInput
from topodesign.domain.fiber import LitLightpath
from topodesign.domain.futures import FutureFactor, Futures
from topodesign.domain.scenario import SiteRole
from topodesign.uncertainty.applying import scenario_of
from topodesign.uncertainty.drawing import futures_of_factors
from topodesign.uncertainty.futures_file import read_futures

FACTORS = """
[[factor]]
name = "power"
[[factor.level]]
name = "as planned"
probability = 0.75
[[factor.level]]
name = "half"
probability = 0.25
[factor.level.set]
"zones.east.headroom_mw*" = 0.5

[[factor]]
name = "fiber"
[[factor.level]]
name = "in time"
probability = 0.9
[[factor.level]]
name = "late"
probability = 0.1
late_segments = ["ab"]
late_sites = ["d"]
"""


def read(tmp_path: Path, text: str) -> Futures:
    file = tmp_path / "futures.toml"
    file.write_text(text, encoding="utf-8")
    return read_futures(file)


def test_factors_make_every_combination_with_the_product_of_probabilities(tmp_path: Path):
    found = read(tmp_path, FACTORS)
    assert [item.name for item in found.futures] == [
        "power as planned, fiber in time",
        "power as planned, fiber late",
        "power half, fiber in time",
        "power half, fiber late",
    ]
    assert found.probabilities == pytest.approx((0.675, 0.075, 0.225, 0.025))
    changed = scenario_of(ring(), found.futures[3])
    assert changed.zone_by_id["east"].headroom_mw == 3 and changed.site_by_id["d"].forbidden
    assert changed.segment_by_id["ab"].most_pairs == 0 and changed.segment_by_id["bc"].most_pairs == 4
    assert "late: segment ab" in changed.assumptions


def test_a_sample_is_the_same_for_the_same_seed_and_near_its_probabilities(tmp_path: Path):
    found = read(tmp_path, f"sample = 200\nseed = 3\n{FACTORS}")
    assert found == read(tmp_path, f"sample = 200\nseed = 3\n{FACTORS}")
    assert sum(found.probabilities) == pytest.approx(1)
    share = dict(zip([item.name for item in found.futures], found.probabilities, strict=True))
    # of 200 draws at 0.675 the share misses by 0.1 = 3 standard deviations of 0.033 in 1 of 370 samples
    assert share["power as planned, fiber in time"] == pytest.approx(0.675, abs=0.1)
    assert "200 independent draws (seed 3)" in found.basis


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[[future]]\nname = 'a'\nprobability = 0.5\n[[future]]\nname = 'b'\nprobability = 0.4", "PROBABILITIES_SUM"),
        ("[[future]]\nname = 'a'\nprobability = 0.5\n[[future]]\nname = 'a'\nprobability = 0.5", "FUTURE_NAME_TWICE"),
        ("[[future]]\nname = 'a'\nprobability = 1\nlate_site = ['d']", "SWEEP_KEY_UNKNOWN"),
        ("[[future]]\nname = 'a'\nprobability = 1\n[future.set]\n'zones.east.headroom' = 1", "SWEEP_FIELD_UNKNOWN"),
        ("[[future]]\nname = 'a'\nprobability = 1\n[future.set]\n'policy.max_sites' = '1..2'", "FIELD_INVALID"),
        ("[[future]]\nname = 'a'\nprobability = '1'", "FIELD_INVALID"),
        ("sample = 2\n[[future]]\nname = 'a'\nprobability = 1", "SWEEP_KEY_UNKNOWN"),
        ("seed = 1", "FUTURES_MISSING"),
        ("[[future]", "TOML_INVALID"),
    ],
)
def test_what_a_file_cannot_say_is_refused(tmp_path: Path, text: str, reason: str):
    with pytest.raises(InvalidInput) as refused:
        read(tmp_path, text)
    assert refused.value.reason == reason


def test_more_futures_than_are_planned_need_a_sample():
    factors = [
        FutureFactor(name=f"factor {number}", levels=(future("yes", 0.5), future("no", 0.5))) for number in range(8)
    ]
    with pytest.raises(InvalidInput, match="make 256 futures, above the 200"):
        futures_of_factors(factors)
    assert 1 < len(futures_of_factors(factors, sample=50).futures) <= 50


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        (future("x", 1, late=["z"]), "SWEEP_ID_UNKNOWN"),
        (future("x", 1, "sites.z.power_mw=1"), "SWEEP_ID_UNKNOWN"),
        (future("x", 1, "zones.*.headroom_mw=1", "zones.east.headroom_mw*=2"), "FUTURE_FIGURE_TWICE"),
        (future("x", 1, "policy.budget_usd=1e9"), "FUTURE_GOAL"),
        (future("x", 1, "sites.d.required=true", late=["d"]), "FIELD_INVALID"),
    ],
)
def test_a_future_that_cannot_be_is_named(wanted, reason: str):
    with pytest.raises(InvalidInput, match=r"^future 'x': ") as refused:
        scenario_of(ring(), wanted)
    assert refused.value.reason == reason


@pytest.mark.parametrize("role", ["compute", "hub"])
def test_no_light_passes_through_a_late_building(role: SiteRole):
    scenario = line(role)
    through = LitLightpath(a="a", z="c", mode="400zr", count=1, segments=("am", "mc"))
    scenario = dataclasses.replace(scenario, lit_lightpaths=(through,))
    changed = scenario_of(scenario, future("m late", 1, late=["m"]))
    assert [segment.most_pairs for segment in changed.segments] == [0, 0] and changed.lit_lightpaths == ()
    assert topodesign.plan(changed, gap=0.0, threads=1).status == "infeasible"  # a and c are joined through m alone
