"""The remedy for a misspelled name."""

import difflib
from collections.abc import Iterable

MOST_SHOWN = 12
MOST_COMPARED = 200
"""Characters of a name that are compared: longer ones are no slip of the pen, and comparing takes their square."""


def nearest(name: str, known: Iterable[str]) -> str:
    """The nearest known name as a question, whatever its case, else a list of those known."""
    names = sorted(known)
    of_lower = {item.lower(): item for item in reversed(names)}
    close = difflib.get_close_matches(name[:MOST_COMPARED].lower(), list(of_lower), n=1, cutoff=0.5)
    if close:
        return f"did you mean {of_lower[close[0]]!r}?"
    shown = ", ".join(names[:MOST_SHOWN]) + (", ..." if len(names) > MOST_SHOWN else "")
    return f"known: {shown}" if names else "none is known"
