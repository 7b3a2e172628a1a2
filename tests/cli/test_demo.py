"""What `make demo` ends with where there is nothing to show."""

from dataclasses import replace
from pathlib import Path

import pytest
from outputs.hand_made_plans import east_case

from topodesign.cli.demo import main, tell
from topodesign.domain.plan import Infeasibility, LimitClash, Relief

TWO_CAMPUS = Path(__file__).parents[2] / "sample_sites" / "two-campus"


def test_an_infeasible_scenario_ends_with_3_its_clashes_and_no_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    why = Infeasibility(
        message="too far apart",
        clashing=(LimitClash(limit="policy.max_rtt_ms", id="", value=5.0, unit="ms"),),
        relief=(Relief(limit="policy.max_rtt_ms", id="", from_value=5.0, to_value=6.5, unit="ms"),),
    )
    none = replace(east_case().plan, status="infeasible", sites=(), cost_usd=None, infeasibility=why)
    assert tell(none, tmp_path / "out") == 3
    assert capsys.readouterr().err.splitlines() == [
        "infeasible: too far apart",
        "  clashes: policy.max_rtt_ms 5 ms",
        "  relief: policy.max_rtt_ms from 5 to 6.5 ms",
    ]
    assert list(tmp_path.iterdir()) == []


def test_a_limit_without_a_plan_ends_with_5(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert tell(replace(east_case().plan, status="limit", sites=(), cost_usd=None), tmp_path / "out") == 5
    assert "no plan: limit" in capsys.readouterr().err


def test_a_place_that_cannot_be_written_is_refused_before_a_server_starts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "out").write_text("a file")
    assert main(["--scenario", str(TWO_CAMPUS), "--out", str(tmp_path / "out")]) == 2
    told = capsys.readouterr()
    assert "is a file" in told.err
    assert told.out == ""
