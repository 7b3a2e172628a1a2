"""Results that are kept for the next evaluation."""

import ast
from pathlib import Path

import topodesign.fabric
from topodesign.fabric.collectives_pipeline import SLOWDOWNS, double_tree_slowdown
from topodesign.fabric.collectives_shapes import GroupLevel, SwitchedShape
from topodesign.fabric.remembered import ALL, Remembered, forget_all
from topodesign.fabric.torus_cuts import STAIRCASES, GridAxis, staircase_cut

CACHES = ("cache", "lru_cache")


def test_the_least_recently_used_results_go_first_and_all_on_demand() -> None:
    made: list[str] = []

    def make(name: str) -> str:
        made.append(name)
        return name.upper()

    kept: Remembered[str, str] = Remembered(2)
    for name in ("a", "b", "a", "c", "a", "b"):  # c takes the place of b, and b later that of c
        assert kept.get(name, lambda name=name: make(name)) == name.upper()
    assert made == ["a", "b", "c", "b"]
    forget_all()
    assert kept.get("a", lambda: make("a")) == "A"
    assert made[-1] == "a"


def test_forgetting_leaves_no_result_behind() -> None:
    shape = SwitchedShape(ranks=8, rank_links=1, levels=(GroupLevel(ranks=4, uplinks=1),))
    axes = (GridAxis(side=3, weight=1), GridAxis(side=4, weight=2))
    before = double_tree_slowdown(shape), staircase_cut(axes)
    assert all(one._results for one in (SLOWDOWNS, STAIRCASES))
    forget_all()
    assert not any(one._results for one in ALL)
    assert (double_tree_slowdown(shape), staircase_cut(axes)) == before


def test_nothing_but_what_can_be_forgotten_remembers_what_was_asked() -> None:
    (folder,) = topodesign.fabric.__path__
    kept = []
    for path in sorted(Path(folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and any(map(is_cache, node.decorator_list)):
                parameters = ast.unparse(node.args)
                kept += [f"{path.name}: {node.name}({parameters})"] if parameters else []
    assert kept == []


def is_cache(decorator: ast.expr) -> bool:
    return any(name in CACHES for name in ast.unparse(decorator).replace("(", ".").split("."))
