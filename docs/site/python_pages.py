"""Pages of Python: everything that ``topodesign`` exports, and the example scripts as prose and code."""

import topodesign

CELL = "# %%"
VERIFY = "topodesign.verify.verify_plan"
"""``td.verify`` is the room itself, which can be called: this is what a call does."""


def python_page() -> str:
    """Markdown that has mkdocstrings write out every exported name, functions first."""
    homes = {name: f"{getattr(topodesign, name).__module__}.{name}" for name in topodesign.__all__ if name != "verify"}
    homes["verify"] = VERIFY
    calls = sorted(name for name in homes if name[0].islower())
    types = sorted(name for name in homes if name[0].isupper())
    return "\n".join(
        (
            "# Python",
            "\n`import topodesign as td` gives these names; each is loaded when it is first used.\n",
            "## Functions\n",
            *(_entry(name, homes[name]) for name in calls),
            "## Classes\n",
            *(_entry(name, homes[name]) for name in types),
        )
    )


def _entry(name: str, home: str) -> str:
    options = "    options:\n      show_root_heading: false\n      show_root_toc_entry: false\n      heading_level: 4\n"
    return f"### td.{name} {{ #td-{name.lower()} }}\n\n::: {home}\n{options}"


def example_page(script: str) -> str:
    """Markdown of a script in cells: comments after ``# %% [markdown]`` are prose, all else is code."""
    parts = []
    for cell in script.split(f"\n{CELL}"):
        head, _, body = cell.removeprefix(CELL).partition("\n")
        if "[markdown]" in head:
            parts.append("\n".join(line.removeprefix("#").removeprefix(" ") for line in body.strip().splitlines()))
        elif body.strip():
            parts.append(f"```python\n{body.strip()}\n```")
    return "\n\n".join(parts) + "\n"
