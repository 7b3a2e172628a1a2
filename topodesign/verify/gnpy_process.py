"""GNPy in a process of its own: lines go in as JSON, readings come back as JSON.

A fresh interpreter, because GNPy's simulation parameters belong to the whole process and one request would change the
next, and because loading it takes a second and 100 MB that the caller should not keep.
"""

import importlib.util
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from topodesign.domain.codec import decode_json, encode_json
from topodesign.domain.errors import InternalError, NotFound
from topodesign.verify.gnpy_line import Line, Reading, propagate

START_S = 60.0
"""Seconds that the other process may take to load GNPy (it takes 1 to 2)."""
LINE_S = 1.0
"""Seconds that a line may take on top (it takes about 10 ms for 6 spans)."""
SHOWN_CHARACTERS = 2000
"""How much of the other process's complaint a message repeats, from its end."""


def require_gnpy() -> None:
    """Raise :class:`NotFound` where GNPy is not installed; does not load it."""
    if importlib.util.find_spec("gnpy") is None:
        raise NotFound(
            "GNPy is not installed; install the extra with: pip install 'topodesign[gnpy]' (GNPy 3.0 needs Python 3.11 "
            "or 3.12, and on Linux x86_64 with glibc 2.35 or newer)",
            reason="EXTRA_NOT_INSTALLED",
            metadata={"extra": "gnpy"},
        )


def read_apart(lines: Sequence[Line]) -> tuple[Reading, ...]:
    """What GNPy reads at the end of each line, worked out in another process.

    Parameters
    ----------
    lines : sequence of Line
        Without any, no process is started.

    Raises
    ------
    NotFound
        When GNPy is not installed (``EXTRA_NOT_INSTALLED``).
    InternalError
        When GNPy fails or takes too long (``GNPY_FAILED``); the message ends with what it complained about.
    """
    require_gnpy()
    if not lines:
        return ()
    limit_s = START_S + LINE_S * len(lines)
    try:
        done = subprocess.run(
            # -P and this path: the other process finds what this one found, whatever lies in the current folder
            [sys.executable, "-P", "-m", "topodesign.verify.gnpy_process"],
            input=encode_json({"lines": list(lines)}),
            capture_output=True,
            timeout=limit_s,
            check=False,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(place or str(Path.cwd()) for place in sys.path)},
        )
    except subprocess.TimeoutExpired:
        raise InternalError(
            f"GNPy did not answer within {limit_s:g} s for {len(lines)} lines; verify without --gnpy",
            reason="GNPY_FAILED",
            metadata={"limit_s": f"{limit_s:g}"},
        ) from None
    if done.returncode != 0:
        complaint = done.stderr.decode("utf-8", "replace").strip()[-SHOWN_CHARACTERS:]
        raise InternalError(
            f"GNPy's process ended with code {done.returncode}; verify without --gnpy: {complaint}",
            reason="GNPY_FAILED",
            metadata={"code": str(done.returncode)},
        )
    readings = decode_json(done.stdout, dict[str, tuple[Reading, ...]], what="GNPy's answer")["readings"]
    if len(readings) != len(lines):
        raise InternalError(f"GNPy's process gave {len(readings)} readings of {len(lines)} lines", reason="GNPY_FAILED")
    return readings


def main() -> None:
    """The other process: lines from stdin, readings to what was stdout when it began."""
    answer = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not end up in the answer
    lines = decode_json(sys.stdin.buffer.read(), dict[str, tuple[Line, ...]], what="the request")["lines"]
    with answer:
        answer.write(encode_json({"readings": [propagate(line) for line in lines]}))


if __name__ == "__main__":
    main()
