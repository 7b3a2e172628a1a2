"""Columns of the sources under the names that a scenario has for them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from topodesign.domain.errors import InvalidInput
from topodesign.domain.nearest import nearest
from topodesign.scenario import fiber, junctions, sites
from topodesign.scenario.problems import ProblemLog

POSITION = ("lon", "lat")
KNOWN = tuple(dict.fromkeys((*sites.COLUMNS, *junctions.COLUMNS, *fiber.COLUMNS, *POSITION)))

USUAL: Mapping[str, str] = {
    "longitude": "lon",
    "long": "lon",
    "lng": "lon",
    "latitude": "lat",
}
"""Other names, in lower case, under which positions are usual, and what they are here."""


@dataclass(slots=True)
class Renaming:
    """``wanted`` maps our column to the source's; what is found under other names is noted for the report."""

    wanted: Mapping[str, str]
    _seen: set[str] = field(default_factory=set)
    _found: set[str] = field(default_factory=set)
    _usual: dict[str, str] = field(default_factory=dict)

    def applied(self, values: Mapping[str, object]) -> dict[str, object]:
        """The values under our names. A column that is asked for takes the place of one that has the name already."""
        self._seen.update(values)
        ours = {source: column for column, source in self.wanted.items() if source in values}
        self._found.update(ours)
        taken = set(ours.values())
        renamed: dict[str, object] = {}
        for name, value in values.items():
            usual = USUAL.get(name.lower())
            if name in ours:
                renamed[ours[name]] = value
            elif name in taken:
                renamed[f"{name}_of_source"] = value
            elif name not in KNOWN and usual is not None and usual not in taken and usual not in values:
                renamed[usual] = value
                self._usual[usual] = name
            else:
                renamed[name] = value
        return renamed

    def report_missing(self, files: Iterable[str], log: ProblemLog) -> None:
        """Record every column that was asked for and is in no source."""
        where = ", ".join(files)
        for column, source in self.wanted.items():
            if source not in self._found:
                hint = nearest(source, self._seen) if self._seen else "the sources have no columns"
                message = f"--column {column}={source}: no feature of {where} has {source!r}; {hint}"
                log.add("COLUMN_MISSING", message, file=where, field=source)

    @property
    def notes(self) -> tuple[str, ...]:
        """What was taken from columns of other names, asked for or usual."""
        asked = [f"{column}: from column {source!r}" for column, source in self.wanted.items() if source in self._found]
        usual = [f"{column}: from column {source!r}, by its usual name" for column, source in self._usual.items()]
        return tuple(sorted(asked) + sorted(usual))


def parse_columns(texts: Iterable[str]) -> dict[str, str]:
    """``power_mw=MW`` as a mapping of our column to the source's.

    Raises
    ------
    InvalidInput
        When one is not of that form, names no column of a scenario (``COLUMN_UNKNOWN``), or names one twice.
    """
    wanted: dict[str, str] = {}
    for text in texts:
        column, equals, source = text.partition("=")
        column, source = column.strip(), source.strip()
        if not equals or not column or not source:
            raise InvalidInput(
                f"--column {text!r} is not of the form OURS=THEIRS; write for example --column power_mw=MW",
                field_path="--column",
            )
        if column not in KNOWN:
            raise InvalidInput(
                f"--column {text!r}: a scenario has no column {column!r}; {nearest(column, KNOWN)}",
                reason="COLUMN_UNKNOWN",
                field_path="--column",
            )
        if column in wanted:
            raise InvalidInput(
                f"--column {column} is given twice ({wanted[column]!r} and {source!r}); give one of them",
                field_path="--column",
            )
        wanted[column] = source
    return wanted
