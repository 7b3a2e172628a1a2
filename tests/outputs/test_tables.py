"""Tables of the report as text: escaped, long ones in two steps, the bill complete, limits with what relief saves."""

import re
from dataclasses import replace
from html import unescape

from outputs.hand_made_plans import Case, explanation_of

from topodesign.catalog import load_catalog
from topodesign.domain.plan import Goal
from topodesign.outputs import bill_by_year, bill_of_materials
from topodesign.outputs.bill_table import MOST_LINES, bill_section
from topodesign.outputs.explanation_table import explanation_section
from topodesign.outputs.report_tables import FIRST_ROWS, Figure, table


def cells(html: str) -> list[list[str]]:
    body = html.partition("<tbody>")[2].partition("</tbody>")[0]
    return [
        [unescape(cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", row)]
        for row in re.findall(r"<tr[^>]*>(.*?)</tr>", body)
    ]


def test_text_is_escaped_and_figures_carry_what_they_are_sorted_by() -> None:
    html = table(("<b>",), [("<i>&",), (Figure("2.50 Tbit/s", 2500.0),)], numbers=(0,))
    assert "&lt;b&gt;" in html and "&lt;i&gt;&amp;" in html
    assert '<td class="number" data-value="2500.0">2.50 Tbit/s</td>' in html


def test_a_table_of_more_than_25_rows_can_be_shown_whole_without_a_script() -> None:
    short, long = (table(("n",), [(str(number),) for number in range(rows)]) for rows in (FIRST_ROWS, FIRST_ROWS + 1))
    assert FIRST_ROWS == 25
    assert "<details" not in short
    assert "Show all 26 rows" in long
    assert len(cells(long)) == 26


def test_the_last_row_of_a_sum_is_marked() -> None:
    html = table(("n", "usd"), [("a", "1"), ("Total", "1")], has_total=True)
    assert html.count('<tr class="total">') == 1
    assert html.index('class="total"') > html.index(">a<")


def test_the_bill_has_every_line_and_its_columns_sum_to_the_cost(east: Case) -> None:
    catalog = load_catalog()
    lines = bill_of_materials(east.scenario, east.plan, catalog)
    html = bill_section(lines, bill_by_year(east.scenario, east.plan, catalog))
    lists = html.split("<h3>Year by year</h3>")
    rows = cells(lists[0])
    assert [row[0] for row in rows] == [line.item for line in lines]
    cents = sum(round(100 * float(row[5].replace(",", ""))) for row in rows if row[5] != "–")
    assert east.plan.cost_usd is not None
    assert cents == round(100 * east.plan.cost_usd)
    years = cells(lists[1])
    assert [row[0] for row in years] == ["0", "1", "2", "3", "4", "5", "All years"]
    assert years[-1][2] == f"{east.plan.cost_usd:,.2f}"
    assert all(row[7] for row in rows)  # where each price comes from


def test_a_bill_too_long_for_a_page_says_what_it_leaves_out(east: Case) -> None:
    line = bill_of_materials(east.scenario, east.plan, load_catalog())[0]
    html = bill_section([line] * (MOST_LINES + 1), ())
    assert "the first 3,000 of 3,001 lines" in html
    assert len(cells(html)) == 3000


def test_binding_limits_say_what_relief_saves_and_what_unused_sites_would_cost(east: Case) -> None:
    html = explanation_section(east.scenario, east.plan, explanation_of(east.plan))
    limits, sites = (cells(part) for part in html.split("<h3>"))
    assert limits == [
        ["Fiber pairs on a segment", "charlotte-atlanta", "2 of 2 pairs", "+1 pairs", "$1.25 M", "$2.00 M"],
        ["Headroom of a power zone", "PJM Interconnection (PJM)", "72.5 of 80 MW", "+10.38 MW", "$0", "$4.40 M"],
    ]
    assert sites == [["Richmond", "+$3.30 M", "-$1.10 M", "Building for power grows by <far>"]]
    assert "<far>" not in html


def test_a_plan_without_an_explanation_says_how_to_get_one_or_why_there_is_none(east: Case) -> None:
    assert "topodesign report PLAN_DIR --explain" in explanation_section(east.scenario, east.plan, None)
    goal = Goal(objective="sync-time", value=5.0, bound=4.0, gap=0.2, unit="s", budget_usd=1e9)
    assert "goal under a budget" in explanation_section(east.scenario, replace(east.plan, goal=goal), None)


def test_a_plan_that_nothing_binds_says_so(east: Case) -> None:
    free = replace(explanation_of(east.plan), binding=(), unused=())
    assert "No limit binds" in explanation_section(east.scenario, east.plan, free)
