"""The code in docs/ prints what the pages say it prints."""

import contextlib
import io
import re
import shlex
from pathlib import Path

import pytest

from topodesign.cli.app import run

DOCS = Path(__file__).parents[2] / "docs"
BLOCKS = re.compile(r"^```(python|sh|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", ["two-campuses.md", "reach.md", "claims.md", "training.md", "fabrics.md"])
def test_every_block_of_code_prints_the_block_below_it(page):
    blocks = BLOCKS.findall((DOCS / page).read_text("utf-8"))
    assert blocks
    assert {kind for kind, _ in blocks[::2]} <= {"python", "sh"}
    assert {kind for kind, _ in blocks[1::2]} == {"text"}
    names: dict[str, object] = {}
    for (kind, code), (_, printed) in zip(blocks[::2], blocks[1::2], strict=True):
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            if kind == "sh":
                run_commands(code)
            else:
                exec(compile(code, page, "exec"), names)
        assert out.getvalue() == printed


def run_commands(code: str) -> None:
    """Lines of ``topodesign ...``, a line that ends with a backslash going on in the next."""
    for line in code.replace("\\\n", " ").splitlines():
        program, *arguments = shlex.split(line)
        assert program == "topodesign"
        assert run(arguments) == 0
