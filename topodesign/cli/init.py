"""``topodesign init``: writes a scenario folder to start from."""

from pathlib import Path
from typing import Annotated

import typer

from topodesign.cli.completion import words_of
from topodesign.cli.given_paths import path
from topodesign.cli.output import emit_json, say
from topodesign.cli.usage import choice_of

TEMPLATES = ("two-site", "region")
EXAMPLE = "Example: topodesign init my-campuses --template two-site"


def init(
    directory: Annotated[
        Path,
        typer.Argument(parser=path, help="Folder to make; it must not exist, or be empty: nothing is overwritten."),
    ],
    template: Annotated[
        str,
        typer.Option(
            "--template",
            parser=choice_of(TEMPLATES),
            metavar=f"[{'|'.join(TEMPLATES)}]",
            autocompletion=words_of(TEMPLATES),
            help="Two campuses, or a region of four with two power zones.",
        ),
    ] = TEMPLATES[0],
    json_output: Annotated[
        bool, typer.Option("--json", help="Print one JSON document: directory, template, files.")
    ] = False,
) -> None:
    """Write a scenario to start from: small data, and a scenario.toml with every key, its unit, range and default.

    It can be checked and planned at once.
    """
    from topodesign.scenario.starter import write_starter

    files = write_starter(directory, template)
    if json_output:
        emit_json({"directory": str(directory), "template": template, "files": [str(file) for file in files]})
        return
    say(f"{directory}: {', '.join(file.name for file in files)}")
    say(f"next: topodesign check {directory}, then topodesign plan {directory} --out {directory}-plan")
