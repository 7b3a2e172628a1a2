"""Runs the blocks of one page, one after the other, in one process and in one folder."""

import ast
import asyncio
import contextlib
import inspect
import io
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from documented.blocks import ROOT, Block

from topodesign.cli.app import run

PORT = "50051"
"""The port that pages name. Here the server takes a free one, which is put in its place and back again."""
PATIENCE_S = 120
EXIT_CODE = re.compile(r"\s+# exit code (\d+)$")


class PageRun:
    """The state that the blocks of a page share: Python's names, and a server where the page starts one."""

    def __init__(self, page: str) -> None:
        self._page = page
        self._names: dict[str, object] = {}
        self._server: subprocess.Popen[str] | None = None
        self._port = PORT

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.terminate()
            self._server.communicate(timeout=PATIENCE_S)

    def use_server(self, address: str) -> None:
        """Have the page's code reach a server that runs already."""
        self._port = address.rpartition(":")[2]

    def go_through(self, blocks: Sequence[Block]) -> None:
        """Write files, run code, and hold what it prints against the block of text that follows."""
        for block, following in zip(blocks, [*blocks[1:], None], strict=True):
            if block.file is not None:
                Path(block.file).parent.mkdir(parents=True, exist_ok=True)
                Path(block.file).write_text(block.text, "utf-8")
            elif block.is_run:
                printed = self._printed(block)
                if following is not None and following.kind == "text":
                    assert_printed(printed, following.text, f"{self._page}:\n{block.text}")

    def _printed(self, block: Block) -> str:
        out = io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            if block.kind == "python":
                self._run_python(block.text.replace(PORT, self._port))
            else:
                for line in block.text.replace("\\\n", " ").splitlines():
                    self._run_line(line.replace(PORT, self._port), out)
        return out.getvalue().replace(self._port, PORT)

    def _run_python(self, code: str) -> None:
        outcome = eval(compile(code, self._page, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT), self._names)
        if inspect.iscoroutine(outcome):
            asyncio.run(outcome)

    def _run_line(self, line: str, out: io.StringIO) -> None:
        wanted = EXIT_CODE.search(line)
        words = shlex.split(EXIT_CODE.sub("", line), comments=True)
        if not words:
            return
        if words[-1] == "&":
            self._serve(words[:-1])
        elif words[0] == "cd":
            os.chdir(words[1])
        else:
            code = run(words[1:]) if words[0] == "topodesign" and "|" not in words else _shell(line, out)
            assert code == (int(wanted[1]) if wanted else 0), f"{self._page}: {line}\n{out.getvalue()}"

    def _serve(self, words: list[str]) -> None:
        assert words[:2] == ["topodesign", "serve"]
        if self._port != PORT:  # the page was given a server
            return
        arguments = ["0" if word == PORT else word for word in words[1:]]
        command = [sys.executable, "-m", "topodesign.cli.app", *arguments]
        self._server = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=_environment())
        assert self._server.stderr is not None
        said = next(line for line in self._server.stderr if " serves on " in line)
        self.use_server(said.strip())


def _shell(line: str, out: io.StringIO) -> int:
    done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, env=_environment(), timeout=PATIENCE_S)
    out.write(done.stdout + done.stderr)
    return done.returncode


def _environment() -> dict[str, str]:
    """This project's code and its environment's programs for child processes."""
    code = os.pathsep.join([str(ROOT), str(ROOT / "server")])
    programs = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return {**os.environ, "PYTHONPATH": code, "PATH": programs}


def assert_printed(printed: str, shown: str, what: str) -> None:
    """``...`` in what is shown stands for any text, also over several lines; all else is as it was printed."""
    pattern = re.escape(shown.strip()).replace(re.escape("..."), ".*?")
    matches = re.fullmatch(pattern, "\n".join(line.rstrip() for line in printed.strip().splitlines()), re.DOTALL)
    assert matches, f"{what}\nprinted:\n{printed}\nbut the page shows:\n{shown}"
