"""Settings as commented TOML: the example that lists every option, and what a server would run with.

``python -m topodesign_server.configuration_text > server/deploy/server.toml`` writes the example anew.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from topodesign_server.configuration import NONE, OPTIONS, PREFIX, Configuration
from topodesign_server.options import Option

WIDTH = 116
HEAD = (
    "Options of `topodesign serve --config server.toml`, each with its default. Every option may also be given by the",
    f"environment ({PREFIX}PORT for port) and on the command line (--set port=50051), which override this file in that",
    f'order. "{NONE}" means none where an option may have none. Paths are relative to the working directory.',
)


def example() -> str:
    """A file with every option at its default, commented out."""
    lines = [f"# {line}" for line in HEAD]
    for name, (field, described) in OPTIONS.items():
        lines += ["", *_about(described), f"# {name} = {_value(field.default)}"]
    return "\n".join(lines) + "\n"


def effective(configuration: Configuration) -> str:
    """A file that gives the same settings; secrets are left out, and said to be."""
    lines = []
    for name, (_, described) in OPTIONS.items():
        value = getattr(configuration.settings, name)
        origin = configuration.origins.get(name, "default")
        if described.is_secret and value is not None:
            lines.append(f"# {name} is set but not shown ({origin})")
        else:
            lines.append(f"{name} = {_value(value)}  # {origin}")
    return "\n".join(lines) + "\n"


def effective_document(configuration: Configuration) -> dict[str, dict[str, object]]:
    """The same as an object of every option's value and origin; a secret that is set has no value, but ``is_set``."""
    found: dict[str, dict[str, object]] = {}
    for name, (_, described) in OPTIONS.items():
        value = getattr(configuration.settings, name)
        told: object = str(value) if isinstance(value, Path) else value
        is_hidden = described.is_secret and value is not None
        shown: dict[str, object] = {"is_set": True} if is_hidden else {"value": told}
        found[name] = {**shown, "origin": configuration.origins.get(name, "default")}
    return found


def _about(described: Option) -> Iterator[str]:
    facts = "; ".join(part for part in (described.unit, described.range) if part)
    words = f"{described.about} [{facts}]" if facts else described.about
    line = "#"
    for word in words.split():
        if len(line) + 1 + len(word) > WIDTH:
            yield line
            line = "#"
        line += f" {word}"
    yield line


def _value(value: object) -> str:
    if value is None:
        return f'"{NONE}"'
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | Path):
        return json.dumps(str(value), ensure_ascii=False)
    return repr(value)


if __name__ == "__main__":
    sys.stdout.write(example())
