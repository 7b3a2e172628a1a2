"""Paths on the command line."""

from pathlib import Path
from typing import Annotated

import typer

from topodesign.cli.completion import scenario_folders


def path(text: str) -> Path:
    """The path that was given; an empty one (an unset variable of a script) would silently be the current folder."""
    if not text:
        raise typer.BadParameter("it is empty; give a path ('.' for the current folder)")
    return Path(text)


ScenarioFolder = Annotated[
    Path,
    typer.Argument(
        parser=path,
        autocompletion=scenario_folders,
        help="Scenario folder (sites, power zones, fiber, scenario.toml).",
    ),
]
