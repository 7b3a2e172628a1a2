"""The remedy for a misspelled name."""

from collections.abc import Iterable

MOST_SHOWN = 12
MOST_COMPARED = 200
"""Characters of a name that are compared: longer ones are no slip of the pen, and comparing takes their square."""


def nearest(name: str, known: Iterable[str]) -> str:
    """The nearest known name as a question, whatever its case, else a list of those known."""
    names = sorted(known)
    question = meant(name, names, otherwise="")
    if question:
        return question
    shown = ", ".join(names[:MOST_SHOWN]) + (", ..." if len(names) > MOST_SHOWN else "")
    return f"known: {shown}" if names else "none is known"


def meant(name: str, known: Iterable[str], *, otherwise: str = "name one of them") -> str:
    """The nearest known name as a question, whatever its case, else ``otherwise``, for messages that list all."""
    import difflib  # only errors need it

    of_lower = {item.lower(): item for item in sorted(known, reverse=True)}
    close = difflib.get_close_matches(name[:MOST_COMPARED].lower(), list(of_lower), n=1, cutoff=0.5)
    return f"did you mean {of_lower[close[0]]!r}?" if close else otherwise
