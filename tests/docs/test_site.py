"""The site has every page, and what pages say in passing of commands is true."""

import contextlib
import functools
import io
import re
import shlex

import pytest
import yaml
from documented.blocks import ROOT, documented_pages

from topodesign.cli.app import COMMANDS, run

SITE = ROOT / "docs/site"
INLINE = re.compile(r"`(topodesign [^`\n]+)`")
GROUPS = frozenset({"fabric", "optics", "training", "catalog", "token"})


def navigated(entries: object) -> list[str]:
    if isinstance(entries, str):
        return [entries]
    if isinstance(entries, dict):
        entries = list(entries.values())
    assert isinstance(entries, list)
    return [page for entry in entries for page in navigated(entry)]


def test_every_page_is_in_the_navigation_once():
    pages = navigated(yaml.safe_load((SITE / "mkdocs.yml").read_text("utf-8"))["nav"])
    assert len(pages) == len(set(pages))
    written = {path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md")}
    assert written <= set(pages)


def test_every_example_has_a_page():
    pages = navigated(yaml.safe_load((SITE / "mkdocs.yml").read_text("utf-8"))["nav"])
    scripts = {path.stem.replace("_", "-") for path in (ROOT / "docs/examples").glob("*.py")}
    assert {f"examples/{name}.md" for name in scripts} <= set(pages)


def test_links_of_the_readme_point_at_files():
    targets = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", (ROOT / "README.md").read_text("utf-8"))
    assert len(targets) > 20
    assert [target for target in targets if not (ROOT / target).exists()] == []


def inline_commands() -> list[tuple[str, str]]:
    return [
        (name, command)
        for name, page in documented_pages().items()
        for command in INLINE.findall(page.read_text("utf-8"))
    ]


@functools.cache
def help_of(arguments: tuple[str, ...]) -> str:
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        assert run([*arguments, "--help"]) == 0
    return said.getvalue()


@pytest.mark.parametrize("name", sorted({name for name, _ in inline_commands()}))
def test_commands_named_in_passing_exist_with_their_options(name):
    for page, command in inline_commands():
        words = shlex.split(command)[1:]
        if page != name or words[0].startswith("-"):
            continue
        assert words[0] in COMMANDS, command
        path = tuple(words[: 2 if words[0] in GROUPS and len(words) > 1 and words[1].islower() else 1])
        options = {re.split("[= ]", word)[0] for word in words if word.startswith("--")}
        known = set(re.findall(r"--[a-z][a-z-]*", help_of(path)))
        assert options <= known, command
