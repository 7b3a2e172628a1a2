"""The files that the report's page is put together from."""

import base64
import functools
import hashlib
from importlib import resources

MAP_SCRIPTS = ("state", "words", "style", "labels", "cards", "controls", "failures", "comparison", "start")
"""In the order in which they build on each other; ``start`` runs the others."""


@functools.cache
def page_file(name: str) -> str:
    """The text of a file in the page's folder."""
    return resources.files("topodesign.outputs").joinpath("page", *name.split("/")).read_text(encoding="utf-8")


def script_sources(*scripts: str) -> str:
    """What ``script-src`` of a page's content security policy allows: these scripts, by their digests, and no other."""
    return " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'" for script in scripts
    )


@functools.cache
def map_script() -> str:
    """The map's script: its files in one function, so that none of their names can be seen from outside."""
    parts = "\n".join(page_file(f"map/{name}.js") for name in MAP_SCRIPTS)
    return f'(function () {{\n"use strict";\n{parts}}})();\n'
