"""Tables in a real Chromium: sorted by click and keyboard, shown in two steps, whole on paper, plain without script."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from needed_tools import missing
from outputs.browser import CHROMIUM, Page, browser_page

import topodesign.outputs
from topodesign.outputs.report_tables import Figure, table

PAGE = Path(topodesign.outputs.__file__).parent / "page"
ROWS = [
    (f"item {number}", Figure(f"{number % 7} Tbit/s", number % 7), f"{1000 * (40 - number):,}") for number in range(39)
]
ROWS.append(("not stated", "–", "–"))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def browser() -> Iterator[Page]:
    if CHROMIUM is None:
        missing("Chromium")
    with browser_page() as page:
        yield page


@pytest.fixture
def written(tmp_path: Path) -> Path:
    script = (PAGE / "tables.js").read_text(encoding="utf-8")
    style = (PAGE / "report.css").read_text(encoding="utf-8") + (PAGE / "tables.css").read_text(encoding="utf-8")
    html = table(("Item", "Rate", "Dollars"), ROWS, numbers=(1, 2), sortable=True)
    path = tmp_path / "tables.html"
    path.write_text(f"<!DOCTYPE html><style>{style}</style><main>{html}</main><script>{script}</script>", "utf-8")
    return path


def column(page: Page, number: int) -> list[str]:
    found: list[str] = page.evaluate(
        f"[...document.querySelectorAll('tbody tr')].map(row => row.cells[{number}].textContent)"
    )
    return found


def shown(page: Page) -> int:
    count: int = page.evaluate(
        "[...document.querySelectorAll('tbody tr')].filter(row => getComputedStyle(row).display !== 'none').length"
    )
    return count


def sort_by(page: Page, number: int) -> str:
    """Click the head of a column; what it then says of its order."""
    order: str = page.evaluate(
        f"(() => {{ const head = document.querySelectorAll('th')[{number}]; head.querySelector('button').click();"
        "return head.getAttribute('aria-sort'); })()"
    )
    return order


def test_a_click_sorts_by_value_again_the_other_way_and_a_third_gives_the_first_order_back(
    browser: Page, written: Path
) -> None:
    browser.open(written)
    first = column(browser, 0)
    assert sort_by(browser, 2) == "ascending"
    assert column(browser, 2)[:3] == ["2,000", "3,000", "4,000"]  # not 10,000, which comes first as text
    assert column(browser, 2)[-1] == "–"  # what is not stated stays last, either way
    assert sort_by(browser, 2) == "descending"
    assert column(browser, 2)[:2] == ["40,000", "39,000"]
    assert column(browser, 2)[-1] == "–"
    assert sort_by(browser, 2) == "none"
    assert column(browser, 0) == first
    assert browser.complaints == []


def test_equal_values_keep_their_order_and_words_count(browser: Page, written: Path) -> None:
    browser.open(written)
    sort_by(browser, 1)
    assert column(browser, 0)[:3] == ["item 0", "item 7", "item 14"]
    assert sort_by(browser, 0) == "ascending"
    assert column(browser, 0)[:3] == ["item 0", "item 1", "item 2"]  # item 10 is not between
    orders = browser.evaluate("[...document.querySelectorAll('th')].map(head => head.getAttribute('aria-sort'))")
    assert orders == ["ascending", "none", "none"]


def test_the_keyboard_sorts_too(browser: Page, written: Path) -> None:
    browser.open(written)
    browser.evaluate("document.querySelectorAll('th button')[2].focus()")
    for kind in ("keyDown", "keyUp"):
        browser._call(
            "Input.dispatchKeyEvent", type=kind, key="Enter", code="Enter", text="\r", windowsVirtualKeyCode=13
        )
    assert column(browser, 2)[0] == "2,000"


def test_long_tables_begin_with_25_rows_under_a_head_that_stays(browser: Page, written: Path) -> None:
    browser.open(written)
    assert shown(browser) == 25
    browser.evaluate("document.querySelector('.more summary').click()")
    assert shown(browser) == 40
    apart = browser.evaluate(
        "(() => { const box = document.querySelector('.scroll'); box.scrollTop = 300;"
        "return document.querySelector('th').getBoundingClientRect().top - box.getBoundingClientRect().top; })()"
    )
    assert abs(apart) <= 2


def test_on_paper_every_row_is_there(browser: Page, written: Path) -> None:
    browser.open(written)
    browser._call("Emulation.setEmulatedMedia", media="print")
    try:
        assert shown(browser) == 40
        assert browser.evaluate("getComputedStyle(document.querySelector('.scroll')).maxHeight") == "none"
    finally:
        browser._call("Emulation.setEmulatedMedia", media="")


def test_without_scripts_the_table_is_plain_and_still_opens(browser: Page, written: Path) -> None:
    browser.open(written, scripts=False)
    state = browser._call("DOM.getDocument", depth=-1)["root"]
    text = str(state)
    assert "BUTTON" not in text
    assert "Show all 40 rows" in text
