"""What the engines under test are told to run."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from topodesign.domain.errors import InvalidInput


def reverse(payload: tuple[bytes, ...]) -> bytes:
    return b"".join(reversed(payload))


def process_id(_: tuple[bytes, ...]) -> bytes:
    return str(os.getpid()).encode()


def sleep(payload: tuple[bytes, ...]) -> bytes:
    """Says that it has begun in a file, then sleeps."""
    Path(payload[1].decode()).write_text(str(os.getpid()), encoding="ascii")
    time.sleep(float(payload[0]))
    return b"slept"


def sleep_with_another(payload: tuple[bytes, ...]) -> bytes:
    """Starts a process of its own, says which in a file, and waits for it."""
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as other:
        Path(payload[0].decode()).write_text(f"{os.getpid()} {other.pid}", encoding="ascii")
    return b""


def die(payload: tuple[bytes, ...]) -> bytes:
    """Dies as often as asked, by the file that it counts in; then it answers with the count."""
    place = Path(payload[1].decode())
    before = int(place.read_text(encoding="ascii")) if place.exists() else 0
    if before < int(payload[0]):
        place.write_text(str(before + 1), encoding="ascii")
        os.kill(os.getpid(), signal.SIGKILL)
    return str(before).encode()


def refuse(_: tuple[bytes, ...]) -> bytes:
    raise InvalidInput("pods is -1, but it must be at least 0; give another", reason="PODS_NEGATIVE")


def break_down(_: tuple[bytes, ...]) -> bytes:
    raise ZeroDivisionError("a defect")


def fill_memory(payload: tuple[bytes, ...]) -> bytes:
    return bytes(int(payload[0]))[:1]


def print_much(_: tuple[bytes, ...]) -> bytes:
    sys.stdout.write("this belongs nowhere")
    return b"printed"
