"""``@placemarkio/check-geojson``: a strict reader of RFC 7946 in another language, on the exported site plans."""

import json
import subprocess
from pathlib import Path

from outputs.hand_made_plans import east_case, pacific_case

from topodesign.outputs import geojson_bytes, plan_to_geojson


def checked(project: Path, *files: Path) -> "subprocess.CompletedProcess[str]":
    command = ["node", "check.js", *map(str, files)]
    return subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=60, check=False)


def test_an_independent_reader_accepts_the_plans_and_counts_their_features(node_project: Path, tmp_path: Path) -> None:
    documents = [plan_to_geojson(case.scenario, case.plan) for case in (east_case(), pacific_case())]
    files = [tmp_path / "east.geojson", tmp_path / "pacific.geojson"]
    for file, document in zip(files, documents, strict=True):
        file.write_bytes(geojson_bytes(document))
    run = checked(node_project, *files)
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout) == [len(document["features"]) for document in documents]


def test_the_independent_reader_does_refuse_what_is_wrong(node_project: Path, tmp_path: Path) -> None:
    open_ring = {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 1]]]}
    document = {"type": "FeatureCollection", "features": [{"type": "Feature", "geometry": open_ring, "properties": {}}]}
    (tmp_path / "open.geojson").write_text(json.dumps(document))
    run = checked(node_project, tmp_path / "open.geojson")
    assert run.returncode != 0
    assert "ring" in run.stderr
