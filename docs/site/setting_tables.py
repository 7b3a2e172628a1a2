"""The tables of ``scenario.toml`` in docs/scenario.md, out of the keys as the reader describes them.

``python docs/site/setting_tables.py`` writes them anew; a test holds the page against them.
"""

import re
from pathlib import Path

from topodesign.scenario.setting_keys import SettingKey, setting_keys
from topodesign.scenario.starter import toml_value

PAGE = Path(__file__).resolve().parents[1] / "scenario.md"
PLACE = re.compile(r"(<!-- keys of (\[?\w+\]?|the top), generated -->\n).*?(\n<!-- end of keys -->)", re.DOTALL)
HEAD = "| key | unit, range | default | meaning |\n| --- | --- | --- | --- |"


def with_tables(page: str) -> str:
    """The page with each table between its marks written anew."""
    keys = setting_keys()

    def table(match: re.Match[str]) -> str:
        section = match[2].strip("[]") if match[2] != "the top" else ""
        rows = [_row(key) for key in keys if key.section == section]
        if not rows:
            raise ValueError(f"docs/scenario.md asks for the keys of {match[2]}, which has none")
        return match[1] + "\n".join([HEAD, *rows]) + match[3]

    return PLACE.sub(table, page)


def _row(key: SettingKey) -> str:
    taken = [key.unit or key.kind]
    if key.interval is not None:
        taken.append(str(key.interval))
    if key.choices:
        taken.append(" or ".join(f"`{choice}`" for choice in key.choices))
    default = "none" if key.default is None else f"`{toml_value(key.default)}`"
    return f"| `{key.name}` | {', '.join(part for part in taken if part)} | {default} | {key.meaning} |"


if __name__ == "__main__":
    PAGE.write_text(with_tables(PAGE.read_text("utf-8")), "utf-8")
