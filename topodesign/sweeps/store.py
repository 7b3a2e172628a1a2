"""The folder of a sweep: what is finished, durably. A sweep that was killed goes on from here, at any moment.

``sweep.db`` (SQLite) has the definition and one row for each point; ``scenario.msgpack`` is the scenario that was
given; ``plans/DIGEST.json`` are the plans. A plan is in its place before its row says so: no row is ever ahead of it.
"""

import hashlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from topodesign.domain.errors import Conflict, InternalError, NotFound
from topodesign.domain.scenario import Scenario
from topodesign.domain.scenario_sweep import PointResult, SweepDefinition
from topodesign.sweeps.durable import locked, opened, sound, versions, write_durably
from topodesign.sweeps.solving import decode_scenario, encode_scenario, has_digest

DATABASE = "sweep.db"
SCENARIO = "scenario.msgpack"
PLANS = "plans"
LOCK = "sweep.lock"
VERSION = 1
WHAT = "sweep"
SCHEMA = """
CREATE TABLE IF NOT EXISTS sweep (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS points (
    number INTEGER PRIMARY KEY,
    attempts INTEGER NOT NULL,
    result BLOB NOT NULL
) STRICT;
"""


class SweepStore:
    """The durable truth of one sweep. One process at a time has it open; a context manager.

    Parameters
    ----------
    folder : Path

    Raises
    ------
    Conflict
        Here and in every method, when ``sweep.db`` cannot be read or written as one (``SWEEP_DAMAGED``).
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = locked(folder / LOCK, what=WHAT)
        try:
            self._database = opened(folder / DATABASE, SCHEMA, what=WHAT)
        except BaseException:
            os.close(self._lock)
            raise

    @classmethod
    def create(cls, folder: Path, definition: SweepDefinition, scenario: Scenario) -> Self:
        """Begin a sweep in a folder, or go on with the same one that was begun there.

        Raises
        ------
        Conflict
            When another sweep is there (``SWEEP_DIFFERS``), or this one is being run by another process
            (``SWEEP_RUNNING``).
        """
        folder.mkdir(parents=True, exist_ok=True)
        store = cls(folder)
        try:
            store._begin(definition, scenario)
        except BaseException:
            store.close()
            raise
        return store

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Open a sweep that is there.

        Raises
        ------
        NotFound
            When none is (``SWEEP_NOT_FOUND``).
        Conflict
            When it is being run by another process (``SWEEP_RUNNING``).
        """
        if not (folder / DATABASE).exists():
            raise NotFound(
                f"{folder} has no sweep; begin one with topodesign sweep SCENARIO --vary ... --out {folder}",
                reason="SWEEP_NOT_FOUND",
                metadata={"path": str(folder)},
            )
        return cls(folder)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._database.close()
        os.close(self._lock)

    @property
    def definition(self) -> SweepDefinition:
        with sound(self.folder / DATABASE, what=WHAT):
            return msgspec.msgpack.decode(self._setting("definition"), type=SweepDefinition)

    @property
    def scenario(self) -> Scenario:
        with sound(self.folder / SCENARIO, what=WHAT):
            return decode_scenario((self.folder / SCENARIO).read_bytes())

    def results(self) -> Mapping[int, PointResult]:
        """Finished points by number."""
        with sound(self.folder / DATABASE, what=WHAT):
            rows = self._database.execute("SELECT number, result FROM points ORDER BY number")
            return {number: msgspec.msgpack.decode(content, type=PointResult) for number, content in rows}

    def finish(self, result: PointResult, plan: bytes, *, attempts: int) -> None:
        """Keep a point's result, and its plan where it has one. Takes the place of an earlier result: of a failure."""
        if result.plan_digest:
            write_durably(self.folder / PLANS / f"{result.plan_digest}.json", plan)
        row = (result.number, attempts, msgspec.msgpack.encode(result))
        with sound(self.folder / DATABASE, what=WHAT):
            self._database.execute("INSERT OR REPLACE INTO points (number, attempts, result) VALUES (?, ?, ?)", row)

    def plan_file(self, result: PointResult) -> Path:
        """Where a finished point's plan is."""
        return self.folder / PLANS / f"{result.plan_digest}.json"

    def plan_of(self, result: PointResult) -> bytes:
        """The JSON of a finished point's plan.

        Raises
        ------
        Conflict
            When its file is gone or is not as it was written (``PLAN_CHANGED``).
        """
        file = self.plan_file(result)
        content = file.read_bytes() if file.is_file() else b""
        if not has_digest(content, result.plan_digest):
            raise Conflict(
                f"{file} is not the plan that point {result.number} gave; put it back, or begin the sweep elsewhere",
                reason="PLAN_CHANGED",
                metadata={"path": str(file)},
            )
        return content

    def _begin(self, definition: SweepDefinition, scenario: Scenario) -> None:
        identity = _identity(definition, scenario)
        known = self._settings()
        if not known:
            (self.folder / PLANS).mkdir(exist_ok=True)
            write_durably(self.folder / SCENARIO, encode_scenario(scenario))
            settings: Sequence[tuple[str, bytes]] = (
                ("version", str(VERSION).encode()),
                ("definition", msgspec.msgpack.encode(definition)),
                ("identity", identity),
            )
            with sound(self.folder / DATABASE, what=WHAT):
                self._database.execute("BEGIN")
                self._database.executemany("INSERT INTO sweep (name, value) VALUES (?, ?)", settings)
                self._database.execute("COMMIT")
            return
        if known.get("identity") != identity:
            raise Conflict(
                f"{self.folder} has another sweep: another scenario, values, limits or version of topodesign; give "
                "another folder, or the same scenario, options and version to go on with it",
                reason="SWEEP_DIFFERS",
                metadata={"path": str(self.folder)},
            )

    def _settings(self) -> dict[str, bytes]:
        with sound(self.folder / DATABASE, what=WHAT):
            return dict(self._database.execute("SELECT name, value FROM sweep").fetchall())

    def _setting(self, name: str) -> bytes:
        try:
            return self._settings()[name]
        except KeyError:
            raise InternalError(f"{self.folder / DATABASE} has no {name}; begin the sweep anew elsewhere") from None


def _identity(definition: SweepDefinition, scenario: Scenario) -> bytes:
    """What a sweep is of: another one does not go on in its folder, nor does another version of the planner."""
    parts = (encode_scenario(scenario), msgspec.msgpack.encode(definition), versions())
    digest = hashlib.sha256()
    for part in parts:
        digest.update(hashlib.sha256(part).digest())
    return digest.digest()
