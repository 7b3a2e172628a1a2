"""The verifier is worth something only while it shares nothing with what it checks."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

VERIFY_ONCE = """
import json, sys
from pathlib import Path
from topodesign.scenario import load_scenario
from topodesign.catalog import load_catalog
before = set(sys.modules)
from topodesign.verify import read_plan, verify_plan
print(json.dumps(sorted(set(sys.modules) - before)))
"""


def test_loading_the_verifier_loads_no_planner_no_optics_and_no_solver() -> None:
    run = subprocess.run(
        [sys.executable, "-c", VERIFY_ONCE], capture_output=True, text=True, timeout=60, check=True, cwd=ROOT
    )
    loaded = run.stdout
    assert '"topodesign.verify.verifier"' in loaded
    for foreign in ("planning", "optics", "training", "fabric", "evaluation", "outputs"):
        assert f'"topodesign.{foreign}' not in loaded
    assert "ortools" not in loaded


def test_no_source_line_imports_from_a_foreign_room() -> None:
    sources = sorted((ROOT / "topodesign" / "verify").glob("*.py"))
    assert len(sources) > 10
    allowed = ("from topodesign.domain", "from topodesign.catalog", "from topodesign.verify")
    for source in sources:
        for line in source.read_text(encoding="utf-8").splitlines():
            code = line.strip()
            if code.startswith(("from topodesign", "import topodesign")):
                assert code.startswith(allowed), f"{source.name}: {code}"
            assert not code.startswith(("import ortools", "from ortools")), f"{source.name}: {code}"
