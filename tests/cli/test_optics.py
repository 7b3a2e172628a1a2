"""``topodesign optics link``: the promised keys, an answer for people, and errors by name."""

import json

import pytest

from topodesign.cli.app import run

GOLDEN = "--km 480 --spans 6x80 --baud-gbd 59.84 --grid-ghz 75 --channels 64 --launch-dbm 0 --noise-figure-db 5"
GOLDEN += " --connector-db 0.5 --tx-osnr-db 37"


def answer(capsys, line):
    code = run(["optics", "link", *line.split()])
    out, err = capsys.readouterr()
    return code, out, err


def test_json_has_the_promised_keys_and_the_published_figures(capsys):
    code, out, _ = answer(capsys, f"{GOLDEN} --json")
    document = json.loads(out)
    assert code == 0
    assert {"spans", "gsnr_db", "gsnr_with_tx_db", "osnr_db", "modes", "latency_ms"} <= set(document)
    assert document["spans"] == [80.0] * 6
    # GNPy 3.0.1
    assert document["gsnr_db"] == pytest.approx(27.13, abs=0.2)
    assert document["osnr_db"] == pytest.approx(28.09, abs=0.2)
    assert document["gsnr_with_tx_db"] == pytest.approx(26.71, abs=0.2)
    assert document["latency_ms"] == pytest.approx(480 * 4.897e-3, rel=1e-3)
    assert all({"name", "rate_gbps", "reach_km", "margin_db", "feasible"} <= set(mode) for mode in document["modes"])


def test_people_are_told_what_fits_and_what_lacks(capsys):
    code, out, err = answer(capsys, "--km 640")
    assert (code, err) == (0, "")
    assert "8 spans of 80.0 km" in out
    assert "800G does not fit on 640 km: openroadm-800 has" in out
    assert "dB too little" in out
    assert "indicative" in out


def test_one_span_is_one_and_every_lack_stands_apart(capsys):
    _, near, _ = answer(capsys, "--km 79")
    assert "79 km of ssmf: 1 span of 79.0 km" in near
    assert "0 amplifier sites" in near
    _, far, _ = answer(capsys, "--km 6000 --rate 800")
    assert "dB too little; 6000 km, at most 5000 km; 100,200 ps/nm of dispersion, at most 12,000" in far


def test_a_capacity_is_sized(capsys):
    code, out, _ = answer(capsys, "--km 400 --gbps 1000000 --terminal-db 10")
    assert code == 0
    assert "10 dB of ROADM or multiplexer" in out
    assert "1,000.0 Tbit/s over 400 km cost least with zrplus-400: 2,500 lightpaths on 40 fiber pairs" in out


def test_one_rate_and_mixed_spans(capsys):
    code, out, _ = answer(capsys, "--km 220 --spans 2x70+80 --rate 400 --json")
    document = json.loads(out)
    assert code == 0
    assert document["spans"] == [70.0, 70.0, 80.0]
    assert {mode["rate_gbps"] for mode in document["modes"]} == {400.0}


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ("--km 0", "length_km"),
        ("--km nan", "length_km"),
        ("--km 100000", "length_km"),
        ("--km 160 --spans 2x", "spans_km"),
        ("--km 160 --spans 1.5x80", "spans_km"),
        ("--km 160 --spans 99999999x80", "spans_km"),
        ("--km 160 --spans nanx80", "spans_km"),
        ("--km 160 --spans 80+nan", "spans_km"),
        ("--km 80 --launch-dbm 8", "launch_dbm"),
        ("--km 80 --fiber foo", "fiber"),
        ("--km 80 --rate 555", "rate_gbps"),
    ],
)
def test_wrong_input_ends_with_2_and_the_field(capsys, line, field):
    code, out, err = answer(capsys, f"{line} --json")
    error = json.loads(out)["error"]
    assert code == 2
    assert error["problems"][0]["field"] == field
    assert "Traceback" not in err


def test_the_ladder_is_printed_and_is_one_json_document(capsys):
    assert run(["optics", "reach", "--span-km", "100", "--margin-db", "3"]) == 0
    told = capsys.readouterr().out
    assert "zrplus-400" in told
    assert "reach km" in told
    assert run(["optics", "reach", "--catalog", "flexwan", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    rows = {row["mode"]: row for row in document["rows"]}
    assert len(rows) == 36
    assert rows["flexwan-400-75"]["reach_km"] == 600
    assert rows["flexwan-400-75"]["is_measured"] is True
    assert {"rate_gbps", "width_ghz", "gsnr_db", "pair_gbps"} <= set(rows["flexwan-400-75"])


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ("--span-km 0", "optics.span_km"),
        ("--span-km -80", "optics.span_km"),
        ("--span-km nan", "optics.span_km"),
        ("--span-km 100000", "optics.span_km"),
        ("--margin-db nan", "optics.margin_db"),
        ("--margin-db -1", "optics.margin_db"),
        ("--catalog flexwam", "optics.catalog"),
        ("--fiber glass", "glass"),
    ],
)
def test_a_ladder_of_wrong_figures_is_refused_by_name(capsys, line, field):
    assert run(["optics", "reach", *line.split()]) == 2
    assert field in capsys.readouterr().err


def test_a_margin_that_no_mode_keeps_leaves_no_reach(capsys):
    assert run(["optics", "reach", "--margin-db", "30", "--json"]) == 0
    assert {row["reach_km"] for row in json.loads(capsys.readouterr().out)["rows"]} == {0.0}


def test_a_campus_link_is_grey_where_that_is_cheapest(capsys):
    code, out, _ = answer(capsys, "--km 0.4 --gbps 4000 --json")
    document = json.loads(out)
    assert code == 0
    grey = {mode["name"]: mode for mode in document["grey_modes"]}
    assert document["cheapest"] in grey
    assert grey[document["cheapest"]]["size"]["amplifiers"] == 0
    code, out, _ = answer(capsys, "--km 60 --catalog flexwan")
    assert code == 0
    assert "grey optics: none reaches" in out
    assert "flexwan-800-150" in out
