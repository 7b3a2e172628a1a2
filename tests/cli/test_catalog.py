"""``topodesign catalog``: every item, every figure with its source, prices labelled."""

import json

import pytest

import topodesign as td
from topodesign.catalog import figures_of, known_keys
from topodesign.cli.app import run


def answer(capsys, *words):
    code = run(["catalog", *words])
    out, err = capsys.readouterr()
    return code, out, err


def test_all_equipment_is_listed_with_labelled_prices(capsys):
    code, out, err = answer(capsys, "list")
    header, *rows = out.splitlines()
    assert (code, err) == (0, "")
    assert "USD (indicative)" in header
    assert sorted(row.split()[0] for row in rows) == list(known_keys())


def test_one_kind_is_listed(capsys):
    code, out, _ = answer(capsys, "list", "hut", "--json")
    assert code == 0
    assert [(item["kind"], item["key"]) for item in json.loads(out)["equipment"]] == [("hut", "hut.default")]


def test_every_figure_is_shown_with_source_date_and_confidence(capsys):
    code, out, _ = answer(capsys, "show", "h100-sxm")
    item = next(item for item in td.list_accelerators() if item.id == "h100-sxm")
    lines = {line.split()[0]: line for line in out.splitlines()[1:]}
    assert code == 0
    assert set(lines) == {figure for figure in figures_of(item) if getattr(item, figure) is not None}
    for figure, line in lines.items():
        origin = item.origins.get(figure) or item.origins["*"]
        assert f"({origin.source}, {origin.date}, {origin.confidence})" in line
    assert f"{item.cost_usd:,.0f}, indicative" in lines["cost_usd"]


def test_an_id_of_several_kinds_shows_all_of_them_and_a_key_only_one(capsys):
    _, out, _ = answer(capsys, "show", "dr4-400g", "--json")
    assert {item["key"] for item in json.loads(out)["equipment"]} == {"cable.dr4-400g", "module.dr4-400g"}
    _, out, _ = answer(capsys, "show", "module.dr4-400g", "--json")
    assert [item["key"] for item in json.loads(out)["equipment"]] == ["module.dr4-400g"]


@pytest.mark.parametrize(
    ("words", "field", "hint"),
    [
        (("list", "swiches"), "kind", "did you mean 'switch'?"),
        (("show", "H100"), "id", "did you mean 'h100-sxm'?"),
        (("show", "accelerator.h100"), "id", "did you mean 'accelerator.h100-sxm'?"),
    ],
)
def test_a_name_that_there_is_not_ends_with_2_and_the_nearest(capsys, words, field, hint):
    code, out, _ = answer(capsys, *words, "--json")
    problem = json.loads(out)["error"]["problems"][0]
    assert (code, problem["field"]) == (2, field)
    assert hint in problem["message"]
