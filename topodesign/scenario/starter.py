"""A scenario folder to start from: small data, and a ``scenario.toml`` that has every key with its meaning."""

import json
import math
import shutil
import tempfile
import textwrap
import tomllib
from collections.abc import Iterator, Mapping
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from topodesign.domain.checks import require_one_of
from topodesign.domain.errors import Conflict
from topodesign.scenario.setting_keys import SettingKey, setting_keys
from topodesign.scenario.sources import SETTINGS_FILE

TEMPLATES: Mapping[str, str] = {
    "two-site": "two campuses in one power zone, joined by two fibers in separate ducts",
    "region": "four campuses in two power zones, a ring of fiber with a junction inside, and one route to be built",
}
VALUES_FILE = "values.toml"
"""In a template: the keys that differ from their defaults."""
WIDTH = 110
"""Of comments, in columns."""
README_FILE = "README.md"
_CATALOG_EXAMPLES = (
    '"transceiver.zrplus-400".cost_usd = 5000',
    '"accelerator.gb300-nvl72".all_in_w = 1875',
    '"line_system.c-band".terminal_cost_usd = 60000',
)


def write_starter(directory: str | Path, template: str = "two-site") -> tuple[Path, ...]:
    """Write a scenario folder that can be checked and planned as it is.

    All files are written into a folder beside it first, which then takes the name: it is there whole or not at all.

    Parameters
    ----------
    directory : str or Path
        Made with its parents; it may exist if it is empty.
    template : str
        One of :data:`TEMPLATES`.

    Returns
    -------
    tuple of Path
        The files.

    Raises
    ------
    InvalidInput
        For an unknown template, with the nearest.
    Conflict
        When there is something already (``TARGET_EXISTS``).
    OSError
        When it cannot be written; nothing has changed then.
    """
    require_one_of(template, tuple(TEMPLATES), field="template")
    target = Path(directory)
    _require_free(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=".topodesign-", dir=target.parent))
    try:
        staging.chmod(0o755)  # mkdtemp keeps it to its owner, a folder of data is like any other
        names = _write_files(staging, template, title=target.resolve().name)
        staging.rename(target)  # takes the place of an empty folder, of nothing else
    except BaseException:  # also an interrupt must leave nothing behind; raised again
        shutil.rmtree(staging, ignore_errors=True)
        raise
    return tuple(target / name for name in names)


def settings_text(values: Mapping[str, object]) -> str:
    """A ``scenario.toml`` with every key: those in ``values``, by path, as they are there, the others commented out."""
    lines = [
        "# What is planned, and by which rules. Every key is here: one with a # in front keeps its default.",
        "# The value behind the # is the default, or an example where nothing is set by default.",
    ]
    section = ""
    for key in setting_keys():
        if key.section != section:
            section = key.section
            lines += ["", "", f"[{section}]"]
        words = textwrap.wrap(f"{_described(key)}.", WIDTH, initial_indent="# ", subsequent_indent="# ")
        lines += ["", *words, _assignment(key, values)]
    lines += ["", "", "[catalog]", "", "# Any figure of the catalogue can be replaced (topodesign catalog show ID)."]
    lines += [f"# {example}" for example in _CATALOG_EXAMPLES]
    return "\n".join(lines) + "\n"


def toml_value(value: object) -> str:
    """A value as TOML writes it."""
    if isinstance(value, list | tuple):
        return f"[{', '.join(toml_value(item) for item in value)}]"
    if isinstance(value, float):
        if math.isinf(value):
            return "inf"
        return _number(value)
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)  # TOML's basic strings escape as JSON's do
    return str(value)


def _number(value: float) -> str:
    """A float in its shorter form, such that the same float is read back."""
    short = f"{value:.10g}".replace("e+", "e")
    if float(short) != value:
        return repr(value)
    return short if "e" in short or "." in short else f"{short}.0"


def _described(key: SettingKey) -> str:
    """The meaning, with unit, what is taken and the default."""
    parts = [key.unit or key.kind]
    if key.interval is not None:
        parts.append(str(key.interval))
    if key.choices:
        parts.append(f"{'any' if key.kind == 'list of text' else 'one'} of {', '.join(key.choices)}")
    parts.append("not set by default" if key.default is None else f"default {toml_value(key.default)}")
    return f"{key.meaning} ({'; '.join(parts)})"


def _assignment(key: SettingKey, values: Mapping[str, object]) -> str:
    if key.path in values:
        return f"{key.name} = {toml_value(values[key.path])}"
    return f"# {key.name} = {toml_value(key.example)}"


def _require_free(target: Path) -> None:
    """Nothing is there, or an empty folder."""
    if target.is_symlink() or (target.exists() and not target.is_dir()):
        raise _conflict(f"{target} is there already and is no folder")
    if target.is_dir() and any(target.iterdir()):
        raise _conflict(f"{target} is there already, with files in it")


def _conflict(what: str) -> Conflict:
    return Conflict(f"{what}, and nothing is overwritten; give the name of a new folder", reason="TARGET_EXISTS")


def _write_files(folder: Path, template: str, *, title: str) -> list[str]:
    source = resources.files("topodesign.scenario").joinpath("templates", template)
    values = dict(_flattened(tomllib.loads(source.joinpath(VALUES_FILE).read_text(encoding="utf-8"))))
    texts = {SETTINGS_FILE: settings_text({**values, "name": title}), README_FILE: _readme(title, template)}
    texts |= {file.name: file.read_text(encoding="utf-8") for file in _data_files(source)}
    for name, text in sorted(texts.items()):
        (folder / name).write_text(text, encoding="utf-8")
    return sorted(texts)


def _data_files(source: Traversable) -> Iterator[Traversable]:
    return (file for file in source.iterdir() if file.name.endswith(".geojson"))


def _flattened(document: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    for name, value in document.items():
        if isinstance(value, dict):
            yield from ((f"{name}.{key}", item) for key, item in value.items())
        else:
            yield name, value


def _readme(title: str, template: str) -> str:
    return f"""# {title}

A scenario of topodesign to start from: {TEMPLATES[template]}. All figures are made up; put your own in their place.

| file | what it holds |
| --- | --- |
| `sites.geojson` | points: `site_id`, `power_mw` at the meter, `pue`, costs, the `zone_id` that each lies in |
| `power_zones.geojson` | polygons: `zone_id`, `headroom_mw`, price and carbon of energy, utility |
| `fiber.geojson` | lines between sites or junctions: `segment_id`, `a`, `b`, `length_km`, pairs, prices, conduits |
| `junctions.geojson` | points where fiber meets away from sites; may be left out |
| `scenario.toml` | workload, size, rules and money; every key with its meaning |

From the folder that holds this one:

```sh
topodesign check {title}
topodesign plan {title} --out {title}-plan
```

The map and the tables of the plan are then in `{title}-plan/report.html`. License of these files: CC0.
"""
