"""Results that are kept for the next evaluation."""

import ast
import contextvars
from pathlib import Path

import pytest

import topodesign
from topodesign.fabric.collectives_pipeline import SLOWDOWNS, double_tree_slowdown
from topodesign.fabric.collectives_shapes import GroupLevel, SwitchedShape
from topodesign.fabric.torus_cuts import STAIRCASES, GridAxis, staircase_cut
from topodesign.processes.remembered import ALL, Remembered, forget_all, remember_for

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


def test_what_one_party_asked_is_computed_again_for_another() -> None:
    made: list[tuple[str, str]] = []
    kept: Remembered[str, str] = Remembered(9)

    def ask(party: str, name: str) -> str:
        remember_for(party)
        return kept.get(name, lambda: made.append((party, name)) or f"{name} of {party}")  # type: ignore[func-returns-value]

    asked = [("a", "x"), ("b", "x"), ("a", "x"), ("", "x"), ("b", "y"), ("b", "x")]
    for party, name in asked:
        assert contextvars.copy_context().run(ask, party, name) == f"{name} of {party}"
    assert made == [("a", "x"), ("b", "x"), ("", "x"), ("b", "y")]


@pytest.mark.parametrize("room", ["catalog", "domain", "fabric", "optics", "training"])
def test_nothing_but_what_is_each_partys_own_remembers_what_was_asked(room: str) -> None:
    """These rooms answer several parties in one process."""
    (folder,) = topodesign.__path__
    kept = []
    for path in sorted((Path(folder) / room).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and any(map(is_cache, node.decorator_list)):
                parameters = ast.unparse(node.args)
                kept += [f"{path.name}: {node.name}({parameters})"] if parameters else []
    assert kept == []


def is_cache(decorator: ast.expr) -> bool:
    return any(name in CACHES for name in ast.unparse(decorator).replace("(", ".").split("."))
