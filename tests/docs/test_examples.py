"""The code in docs/, and in the READMEs, runs and prints what the pages say it prints."""

import re
from collections import Counter
from pathlib import Path

import pytest
from documented.blocks import ROOT, blocks_of, documented_pages
from documented.page_run import PageRun, assert_printed
from served.running_server import RunningServer

PAGES = documented_pages()
TLS = "it needs a certificate of yours and another machine; `tests/server/test_tls.py` does the same with its own"
NOT_RUN = {
    ("README.md", "it sets up an environment and takes minutes"): 1,
    ("README.md", "the solve alone takes 18 s, and tests of the planner and the demo do the same"): 1,
    (
        "README.md",
        "the second and the fourth take minutes; `tests/sweeps`, `tests/fronts`, `tests/uncertainty` and "
        "`tests/buildout` run smaller ones",
    ): 1,
    ("docs/buildout.md", "a minute and a half on two busy cores; `tests/buildout` run smaller ones"): 1,
    ("docs/buildout.md", "`tests/buildout` make the same calls"): 1,
    ("docs/examples/index.md", "it is run as a script by `tests/docs/test_example_scripts.py`"): 1,
    ("docs/tutorial.md", "it sets up an environment, which the tests run in already"): 1,
    ("docs/operations.md", "it is a line of a log, whose keys `tests/server/test_logs.py` holds"): 1,
    ("docs/pareto.md", "`tests/fronts` make the same calls"): 1,
    ("docs/pareto.md", "two fronts take minutes on two busy cores; `tests/fronts` make smaller ones"): 1,
    ("docs/how-to/sweep-on-a-cluster.md", "they make certificates of their own"): 1,
    ("docs/how-to/sweep-on-a-cluster.md", "they start the same processes from Python"): 1,
    ("docs/how-to/sweep-on-a-cluster.md", "it needs a cluster"): 1,
    ("docs/how-to/sweep-on-a-cluster.md", "it needs Slurm"): 1,
    ("docs/security.md", TLS): 3,
    ("docs/sweeps.md", "thirty plans take half a minute; `tests/sweeps` run smaller ones"): 1,
    ("docs/sweeps.md", "a million rows take seconds; `tests/cli` and `tests/sweeps` make fewer"): 1,
    ("docs/uncertainty.md", "the plans of a region take minutes; `tests/uncertainty` run smaller ones"): 1,
    ("docs/uncertainty.md", "the same plans"): 1,
    ("docs/uncertainty.md", "it needs the plan of a region; `tests/uncertainty` stress a smaller one"): 1,
    ("sample_sites/README.md", "the source data are not part of this repository"): 1,
}
"""How many blocks of a page are not run, and why: each page says so above the block, in these words."""
NEEDS_SERVER = frozenset({"README.md", "docs/client.md"})
"""Pages that are about calling a server, and are given one; docs/how-to/run-the-service.md starts its own."""
COMMAND = re.compile(r"^ {4,}(topodesign|python3?|pip|make|git|curl|buf|kubectl) ", re.MULTILINE)


def pages_with_code() -> list[str]:
    return [name for name, page in PAGES.items() if any(block.is_run for block in blocks_of(page))]


@pytest.mark.parametrize("name", pages_with_code())
def test_the_code_of_a_page_prints_what_the_page_shows(name, tmp_path, monkeypatch, request):
    monkeypatch.chdir(tmp_path)
    for folder in ("sample_sites", "docs"):  # what pages read as from the project's folder
        Path(folder).symlink_to(ROOT / folder)
    with PageRun(name) as page_run:
        if name in NEEDS_SERVER:
            server: RunningServer = request.getfixturevalue("shared_server")
            page_run.use_server(server.address)
        page_run.go_through(blocks_of(PAGES[name]))


def test_every_block_that_is_not_run_is_listed_with_its_reason():
    found = Counter(
        (name, block.why_not) for name, page in PAGES.items() for block in blocks_of(page) if block.why_not is not None
    )
    assert dict(found) == NOT_RUN


@pytest.mark.parametrize("name", PAGES)
def test_every_block_is_run_or_printed_or_written_or_said_not_to_be_run(name):
    blocks = blocks_of(PAGES[name])
    for before, block in zip([None, *blocks], blocks, strict=False):
        is_printed = block.kind == "text" and before is not None and before.is_run
        assert block.is_run or is_printed or block.file or block.why_not, f"{name}: ```{block.kind}\n{block.text}"


@pytest.mark.parametrize("name", PAGES)
def test_no_command_hides_in_an_indented_block(name):
    prose = re.sub(r"^```.*?^```$", "", PAGES[name].read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    assert not COMMAND.search(prose)


def test_dots_stand_for_text_that_is_left_out_and_for_nothing_else():
    assert_printed("a 1\nb 2\nc 3\n", "a ...\n...\nc 3\n", "dots")
    with pytest.raises(AssertionError, match="the page shows"):
        assert_printed("a 1\nb 2\n", "a 1\n", "something is missing")
