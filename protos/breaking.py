"""Says whether the definitions break clients of the released API; with ``--move`` takes the present ones as released.

What was released is ``protos/baseline.binpb``, an image of the definitions (``buf build``). Images are compared, not
folders: against a folder of several modules ``buf breaking`` refuses to run, and an image of everything would take each
vendored definition that is no longer imported for a deleted one.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

PROTOS = Path(__file__).resolve().parent
BASELINE = PROTOS / "baseline.binpb"
OURS = "topodesign"


def build(image: Path, *, protos: Path = PROTOS) -> None:
    """Write the image of our definitions and of what they import."""
    _buf(protos, "build", "--path", OURS, "--exclude-source-info", "--output", str(image)).check_returncode()


def breaks(*, protos: Path = PROTOS, baseline: Path = BASELINE) -> str:
    """What clients of the baseline could not live with, a line each; empty when there is nothing."""
    with tempfile.TemporaryDirectory() as directory:
        image = Path(directory) / "now.binpb"
        build(image, protos=protos)
        found = _buf(protos, "breaking", str(image), "--against", str(baseline))
    return found.stdout.decode() if found.returncode == 100 else _nothing(found)


def _nothing(found: "subprocess.CompletedProcess[bytes]") -> str:
    found.check_returncode()
    return ""


def _buf(protos: Path, *arguments: str) -> "subprocess.CompletedProcess[bytes]":
    command = [str(Path(sys.executable).with_name("buf")), *arguments]
    return subprocess.run(command, cwd=protos, stdout=subprocess.PIPE, check=False)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--move", action="store_true", help="take the present definitions as released")
    if parser.parse_args().move:
        build(BASELINE)
        return 0
    found = breaks()
    sys.stderr.write(found)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
