"""Ids for what the sources name in their own ways, or not at all."""

from collections.abc import Iterable

from topodesign.domain.scenario import Position

LONGEST = 190
"""Ids have at most 200 characters; the rest is room for a number."""


class Names:
    """Gives out ids, each once."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = set(taken)
        self._last_number: dict[str, int] = {}
        self.renamed: list[str] = []
        """Ids that had to differ from the name that they are of, in the order of giving."""

    def reserve(self, name: str) -> str:
        """An id that the source states as such: it stays as it is, and whether it repeats is found later."""
        self._taken.add(name)
        return name

    def give(self, name: str) -> str:
        """An id made of a name: printable, without ``;``, with a number where it is taken."""
        sound = usable(name)
        number = self._last_number.get(sound, 1)  # all below are taken: thousands may be called "Untitled Path"
        given = sound if number == 1 else f"{sound}-{number}"
        while given in self._taken:
            number += 1
            given = f"{sound}-{number}"
        self._last_number[sound] = number
        if given != name:
            self.renamed.append(given)
        self._taken.add(given)
        return given


def usable(name: str) -> str:
    """The name as an id may be: see :func:`topodesign.domain.checks.require_id`."""
    printable = "".join(letter if letter.isprintable() else " " for letter in name.replace(";", ","))
    return " ".join(printable.split())[:LONGEST].strip() or "unnamed"


def id_of_position(position: Position) -> str:
    """Latitude and longitude as ISO 6709 writes them, ``+39.040000-077.490000``: the same place, the same id."""
    return f"{position[1]:+010.6f}{position[0]:+011.6f}"
