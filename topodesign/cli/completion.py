"""What a shell offers when Tab is pressed: words, ids of the catalogue, folders of plans and scenarios.

Nothing here imports the planner, and the catalogue is read without the rules that check it: a shell waits for each Tab.
"""

import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import resources
from pathlib import Path

Completer = Callable[[str], list[str]]

MOST_FOLDERS = 500
"""Entries of one folder that are looked into: a shell must not stand still in a folder of thousands."""


def wanted_command(environment: Mapping[str, str]) -> str | None:
    """The command of the line that a shell asks about: bash sends it as one variable, zsh and fish as another."""
    line = environment.get("COMP_WORDS") or environment.get("_TYPER_COMPLETE_ARGS") or ""
    words = line.split()[1:]  # the first is the program
    return next((word for word in words if not word.startswith("-")), None)


def words_of(words: Sequence[str]) -> Completer:
    """Offers the words of a fixed list."""

    def complete(incomplete: str) -> list[str]:
        return [word for word in words if word.startswith(incomplete)]

    return complete


def listed_words_of(words: Sequence[str]) -> Completer:
    """Offers words for a list with commas between them: the last one is completed, none twice."""

    def complete(incomplete: str) -> list[str]:
        before, comma, last = incomplete.rpartition(",")
        given = set(before.split(","))
        return [f"{before}{comma}{word}" for word in words if word.startswith(last) and word not in given]

    return complete


def equipment_ids(*kinds: str) -> Completer:
    """Offers ids of the catalogue: of these kinds, or of all."""

    def complete(incomplete: str) -> list[str]:
        found = {item for kind, item in _catalog_entries() if not kinds or kind in kinds}
        return sorted(item for item in found if item.startswith(incomplete))

    return complete


def plan_folders(incomplete: str) -> list[str]:
    """Offers folders with a plan, up to two levels down; none: the shell offers files and folders itself."""
    return _folders_with("plan.json", incomplete)


def scenario_folders(incomplete: str) -> list[str]:
    """Offers folders with a scenario, up to two levels down; none: the shell offers files and folders itself."""
    return _folders_with("scenario.toml", incomplete)


def _folders_with(file: str, incomplete: str) -> list[str]:
    typed, slash, beginning = incomplete.rpartition("/")
    root = Path(f"{typed}{slash}" or ".")
    found: list[str] = []
    for child in _subfolders(root):
        if not child.name.startswith(beginning):
            continue
        shown = f"{typed}{slash}{child.name}"
        if (child / file).is_file():
            found.append(shown)
        found.extend(f"{shown}/{deeper.name}" for deeper in _subfolders(child) if (deeper / file).is_file())
    return sorted(found)


def _subfolders(folder: Path) -> list[Path]:
    """Those that are not hidden, by name; none where the folder cannot be read."""
    try:
        entries = sorted(folder.iterdir())[:MOST_FOLDERS]
        return [entry for entry in entries if not entry.name.startswith(".") and entry.is_dir()]
    except OSError:  # a folder that may not be read offers nothing
        return []


def _catalog_entries() -> Iterator[tuple[str, str]]:
    """Kind and id of everything in the catalogue's files."""
    for file in resources.files("topodesign").joinpath("catalog").iterdir():
        if file.name.endswith(".toml"):
            for kind, items in tomllib.loads(file.read_text(encoding="utf-8")).items():
                for item in items if isinstance(items, list) else ():
                    yield kind, item["id"]
