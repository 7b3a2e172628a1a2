"""Questions that follow from answers: each is one scenario to plan, solved once and kept by what it asks.

A sweep knows its points beforehand. A Pareto front, a two-stage siting or a build-out does not: what it asks next
depends on what it learnt. It asks through an :class:`Inquiry`, which hands questions to an engine and keeps every
answer in a folder under the digest of the question, so that whoever asks the same things in the same order after a
kill gets the same answers, without solving anything again.
"""

import hashlib
import os
import sqlite3
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from topodesign.domain.checks import require_number
from topodesign.domain.codec import decode_json
from topodesign.domain.errors import Conflict
from topodesign.domain.plan import Plan, SolveLimits
from topodesign.domain.scenario import Scenario
from topodesign.sweeps.durable import locked, opened, sound, versions, write_durably
from topodesign.sweeps.engine import Engine, EngineTask, TaskOutcome
from topodesign.sweeps.running import DEFAULT_MEMORY_GIB, KILL_FACTOR, KILL_MARGIN_S, POLL_S
from topodesign.sweeps.solving import (
    SOLVE_QUESTION,
    Answer,
    QuestionOrder,
    SolvedQuestion,
    encode_scenario,
    has_digest,
)

DATABASE = "answers.db"
PLANS = "plans"
LOCK = "answers.lock"
SCHEMA = "CREATE TABLE IF NOT EXISTS answers (question TEXT PRIMARY KEY, answer BLOB NOT NULL) STRICT;"


class AskingStopped(Exception):
    """Whoever asks was told to stop; what was answered until then is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One scenario to plan.

    Parameters
    ----------
    scenario : Scenario
    limits : SolveLimits
    start : str
        Digest of the plan to begin from, of an answer of the same inquiry; empty for none.
    bound_usd : float
        US dollars that no plan of it costs less than; 0 where nothing is known.
    bound_basis : str
        How that was proven: what the plan says of its bound where it takes this one over.
    bound_is_of_optimum : bool
        It was proven over all routes, as of a plan that is ``optimal``.
    explains : bool
        Where there is no plan, the answer says which limits clash and what relief there is.
    """

    scenario: Scenario
    limits: SolveLimits
    start: str = ""
    bound_usd: float = 0.0
    bound_basis: str = ""
    bound_is_of_optimum: bool = False
    explains: bool = True

    @property
    def order(self) -> QuestionOrder:
        return QuestionOrder(
            limits=self.limits,
            bound_usd=self.bound_usd,
            bound_basis=self.bound_basis,
            bound_is_of_optimum=self.bound_is_of_optimum,
            explains=self.explains,
        )


@dataclass(slots=True, kw_only=True)
class Inquiry:
    """Asks questions and keeps the answers. One process at a time has a folder; a context manager.

    Parameters
    ----------
    folder : Path
        Made where it is not there.
    engine : Engine
        Stays open.
    what : str
        What the folder is of, in messages: ``Pareto front``.
    memory_gib : float
        GiB that one question may take.
    should_stop : callable
        Asked several times a second; when true, asking raises :class:`AskingStopped`.
    on_answer : callable
        Receives every answer that was not kept before, as it comes.

    Attributes
    ----------
    solved, kept : int
        Answers that were solved by this inquiry, and those that had been kept before.

    Raises
    ------
    Conflict
        When another process has the folder (``SWEEP_RUNNING``), or its files are damaged (``SWEEP_DAMAGED``).
    """

    folder: Path
    engine: Engine
    what: str
    memory_gib: float = DEFAULT_MEMORY_GIB
    should_stop: Callable[[], bool] = lambda: False
    on_answer: Callable[[Answer], object] = lambda _answer: None
    solved: int = field(default=0, init=False)
    kept: int = field(default=0, init=False)
    _failed: dict[str, Answer] = field(default_factory=dict, init=False)
    _lock: int = field(init=False)
    _database: sqlite3.Connection = field(init=False)

    def __post_init__(self) -> None:
        require_number(self.memory_gib, field="memory_gib", above=0, at_most=1e6)

    def __enter__(self) -> Self:
        (self.folder / PLANS).mkdir(parents=True, exist_ok=True)
        self._lock = locked(self.folder / LOCK, what=self.what)
        try:
            self._database = opened(self.folder / DATABASE, SCHEMA, what=self.what)
        except BaseException:
            os.close(self._lock)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.close()
        os.close(self._lock)

    def ask(self, *questions: Question) -> tuple[Answer, ...]:
        """Answers, in the order of the questions; those that were not asked before are solved side by side.

        A question whose process was given up (killed, out of memory) is answered ``failed``; that is not kept.

        Raises
        ------
        AskingStopped
            When ``should_stop`` says so before all are answered.
        """
        keys = [self._key(question) for question in questions]
        missing = {key: question for key, question in zip(keys, questions, strict=True) if self._known(key) is None}
        self.kept += len(set(keys)) - len(missing)
        self._solve(missing)
        return tuple(self._require(key) for key in keys)

    def plan_of(self, answer: Answer) -> Plan:
        """The plan of an answer that has one.

        Raises
        ------
        Conflict
            When its file is gone or was changed (``PLAN_CHANGED``).
        """
        return decode_json(self._content_of(answer.plan_digest), Plan, what="plan")

    def plan_file(self, answer: Answer) -> Path:
        """Where the plan of an answer is kept."""
        return self._file(answer.plan_digest)

    def _solve(self, missing: dict[str, Question]) -> None:
        if missing and self.should_stop():
            raise AskingStopped  # before a process is begun that would only be killed
        run = uuid.uuid4().hex
        running = {f"{run}#{key}": key for key in missing}
        try:
            for task_id, key in running.items():
                self.engine.submit(self._task(task_id, missing[key]))
            while running:
                if self.should_stop():
                    raise AskingStopped
                for outcome in self.engine.results(POLL_S):
                    if outcome.task_id in running:
                        self._keep(running.pop(outcome.task_id), outcome)
        finally:
            for task_id in reversed(running):  # what waits before what runs
                self.engine.cancel(task_id)

    def _task(self, task_id: str, question: Question) -> EngineTask:
        start = self._content_of(question.start) if question.start else b""
        return EngineTask(
            task_id=task_id,
            function=SOLVE_QUESTION,
            payload=(encode_scenario(question.scenario), msgspec.msgpack.encode(question.order), start),
            wall_s=question.limits.time_limit_s * KILL_FACTOR + KILL_MARGIN_S,
            memory_bytes=int(self.memory_gib * 2**30),
        )

    def _keep(self, key: str, outcome: TaskOutcome) -> None:
        if outcome.state == "done":
            solved = msgspec.msgpack.decode(outcome.content, type=SolvedQuestion)
            answer = solved.answer
            if answer.plan_digest:  # in its place before the row says so
                write_durably(self._file(answer.plan_digest), solved.plan)
            with sound(self.folder / DATABASE, what=self.what):
                row = (key, msgspec.msgpack.encode(answer))
                self._database.execute("INSERT OR REPLACE INTO answers (question, answer) VALUES (?, ?)", row)
        else:
            answer = Answer(status="failed", message=f"{outcome.message} [{outcome.reason}]", solve_s=outcome.run_s)
            self._failed[key] = answer
        self.solved += 1
        self.on_answer(answer)

    def _known(self, key: str) -> Answer | None:
        if key in self._failed:
            return self._failed[key]
        with sound(self.folder / DATABASE, what=self.what):
            row = self._database.execute("SELECT answer FROM answers WHERE question = ?", (key,)).fetchone()
            return None if row is None else msgspec.msgpack.decode(row[0], type=Answer)

    def _require(self, key: str) -> Answer:
        answer = self._known(key)
        assert answer is not None  # solved above
        return answer

    def _key(self, question: Question) -> str:
        """By what is asked, and the versions of what answers."""
        parts = (
            encode_scenario(question.scenario),
            msgspec.msgpack.encode(question.order),
            question.start.encode(),
            versions(),
        )
        digest = hashlib.sha256()
        for part in parts:
            digest.update(hashlib.sha256(part).digest())
        return digest.hexdigest()

    def _file(self, digest: str) -> Path:
        return self.folder / PLANS / f"{digest}.json"

    def _content_of(self, digest: str) -> bytes:
        file = self._file(digest)
        content = file.read_bytes() if file.is_file() else b""
        if not has_digest(content, digest):
            raise Conflict(
                f"{file} is not the plan that was kept there; put it back, or begin the {self.what} elsewhere",
                reason="PLAN_CHANGED",
                metadata={"path": str(file)},
            )
        return content
