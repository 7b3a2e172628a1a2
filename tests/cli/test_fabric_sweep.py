"""``topodesign fabric sweep``: the same figures as ``fabric evaluate``, one row for each shape and rate."""

import csv
import io
import json

import pytest

import topodesign as td
from topodesign.cli.app import run


def test_rows_are_the_fabrics_of_evaluate(capsys: pytest.CaptureFixture[str]):
    assert run(["fabric", "sweep", "--sides", "1,4,8", "--dimensions", "2", "--link-gbps", "200,400"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    shapes = [(int(row["side_1"]), int(row["side_2"])) for row in rows[::2]]
    assert shapes == [(1, 1), (4, 1), (8, 1), (4, 4), (8, 4), (8, 8)]
    for row in rows[2:]:
        shape, rate = (int(row["side_1"]), int(row["side_2"])), float(row["link_gbps"])
        one = td.evaluate_fabric(td.Torus(shape=shape, link_gbps=rate))
        assert int(row["accelerators"]) == one.accelerators and int(row["links"]) == one.links
        assert int(row["diameter_hops"]) == one.diameter_hops and float(row["mean_hops"]) == one.mean_hops
        assert float(row["bisection_gbps"]) == one.bisection.gbps
        assert float(row["alltoall_gbps_per_accelerator"]) == one.alltoall.gbps_per_accelerator


def test_json_and_errors_are_documents(capsys: pytest.CaptureFixture[str]):
    assert run(["fabric", "sweep", "--sides", "2..4", "--dimensions", "1", "--kind", "mesh", "--json"]) == 0
    fabrics = json.loads(capsys.readouterr().out)["fabrics"]
    assert [(row["side_1"], row["links"]) for row in fabrics] == [(2, 1), (3, 2), (4, 3)]
    for sides in ("2..x", "4..2", "0,2", "2.5"):
        assert run(["fabric", "sweep", "--sides", sides, "--json"]) == 2
        assert "sides" in json.loads(capsys.readouterr().out)["error"]["message"]
