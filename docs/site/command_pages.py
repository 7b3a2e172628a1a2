"""The page of commands: what ``--help`` says of each."""

import contextlib
import io
from collections.abc import Iterator

import typer

from topodesign.cli.app import COMMANDS, build_app, run


def commands_page() -> str:
    """Markdown with the help of every command, in the order of the overview."""
    parts = [
        "# Commands\n",
        "What `--help` says of every command. With `--json` a command prints one JSON document on stdout and nothing",
        "else there; progress and messages go to stderr.\n",
        _section("topodesign", ()),
    ]
    for name in COMMANDS:
        parts.append(_section(f"topodesign {name}", (name,)))
        parts.extend(_section(f"topodesign {name} {inner}", (name, inner)) for inner in _inner(name))
    return "\n".join(parts)


def _inner(name: str) -> Iterator[str]:
    command = typer.main.get_command(build_app(name))
    yield from getattr(getattr(command, "commands", {}).get(name), "commands", {})


def _section(title: str, arguments: tuple[str, ...]) -> str:
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        code = run([*arguments, "--help"])
    if code != 0:
        raise RuntimeError(f"{title} --help ended with {code}")
    return f"{'#' * (1 + len(title.split()))} {title}\n\n```text\n{said.getvalue().strip()}\n```\n"
