"""Keeps SCIP's error printing off standard error.

MathOpt attaches its interrupter to SCIP in a way that SCIP reports as an error, on standard error, at every solve,
though the interruption works (OR-Tools 9.15). True failures reach us as statuses, so nothing is lost by not printing.
"""

import ctypes
from contextlib import suppress
from functools import cache
from pathlib import Path

import ortools


@cache
def silence_scip() -> None:
    """Turn SCIP's error printing off for this process; where its library is not found, it just keeps printing."""
    libraries = Path(ortools.__file__).parent / ".libs"
    for library in sorted(libraries.glob("libscip.so*")):
        with suppress(OSError, AttributeError):
            ctypes.CDLL(str(library)).SCIPmessageSetErrorPrinting(None, None)
