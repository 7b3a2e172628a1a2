"""The store against a model of it, by random histories of two servers, their crashes and their late writes."""

import itertools
import os
from dataclasses import dataclass, field

import pytest
import sqlalchemy as sa
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from served.store_place import StorePlace, attempt_store, job_store, kept_blobs, let_lease_run_out, listed, new_job
from topodesign_server.job_rows import CANCELLED, CANCELLING, FAILED, QUEUED, RUNNING, SUCCEEDED, ClaimedJob
from topodesign_server.names import RequestKey
from topodesign_server.paging import Page
from topodesign_server.snapshots import Snapshot
from topodesign_server.tables import DEFAULT_TENANT as TENANT
from topodesign_server.tables import metadata, snapshots

from topodesign.domain.errors import CapacityError, Conflict, InvalidInput, NotFound

FINAL = (SUCCEEDED, FAILED, CANCELLED)
QUEUE_LIMIT, MAX_ATTEMPTS = 3, 2
WHOLE = Page(before=None, size=1000)
OWNERS = st.sampled_from("ab")
CONTENTS = st.sampled_from([b"x", b"y", b"z"])


@dataclass
class Model:
    """What a job should be; ``holder`` is the attempt that holds it."""

    scenario: bytes
    state: int = QUEUED
    history: list[tuple[int, bytes | None]] = field(default_factory=lambda: [(QUEUED, None)])
    holder: int | None = None
    lost: int = 0
    snapshot: Snapshot | None = None
    plan: tuple[bytes, bytes] | None = None
    operation_deleted: bool = False
    plan_deleted: bool = False

    def enter(self, state: int) -> None:
        assert self.state not in FINAL
        self.state = state
        self.history.append((state, None))
        if state in FINAL:
            self.snapshot = None


class StoreMachine(RuleBasedStateMachine):
    """Two servers (``a`` and ``b``) on one database; ids are never used twice."""

    claims = Bundle("claims")
    place: StorePlace

    def __init__(self) -> None:
        super().__init__()
        self.model: dict[str, Model] = {}
        self.requests: dict[int, tuple[bytes, str]] = {}
        self.names = (f"job-{number}" for number in itertools.count())
        self.open()
        with self.database.writing() as connection:
            for table in reversed(metadata.sorted_tables):
                if table.name != "settings":
                    connection.execute(table.delete())

    def open(self) -> None:
        self.database = self.place.open()
        self.jobs = job_store(self.database, queue_limit=QUEUE_LIMIT)
        self.stores = {
            owner: attempt_store(self.database, owner=owner, max_attempts=MAX_ATTEMPTS, retry_pause_s=0.0)
            for owner in "ab"
        }

    def teardown(self) -> None:
        self.place.close()

    def holds(self, job: ClaimedJob) -> bool:
        return job.id in self.model and self.model[job.id].holder == job.attempt

    @rule(scenario=CONTENTS, number=st.none() | st.integers(0, 2))
    def create(self, scenario: bytes, number: int | None) -> None:
        name = next(self.names)
        key = None
        if number is not None:
            key = RequestKey(tenant=TENANT, method="CreatePlan", request_id=str(number), digest=scenario)
        earlier = None if number is None else self.requests.get(number)
        waiting = sum(job.state == QUEUED for job in self.model.values())
        try:
            made = self.jobs.create(new_job(name, scenario=scenario), key=key).id
        except InvalidInput:
            assert earlier is not None
            assert earlier[0] != scenario
        except NotFound:
            assert earlier is not None
            assert earlier[1] not in self.model
        except CapacityError:
            assert earlier is None
            assert waiting == QUEUE_LIMIT
        else:
            assert made == (name if earlier is None else earlier[1])
            if earlier is None:
                self.model[name] = Model(scenario)
                if number is not None:
                    self.requests[number] = (scenario, name)

    @rule(target=claims, owner=OWNERS)
    def claim(self, owner: str) -> object:
        waiting = [name for name, job in self.model.items() if job.state == QUEUED]
        job = self.stores[owner].claim()
        assert (job is None) == (not waiting)
        if job is None:
            return multiple()
        assert (job.id, job.scenario) == (waiting[0], self.model[job.id].scenario)
        assert job.snapshot == self.model[job.id].snapshot
        self.model[job.id].enter(RUNNING)
        self.model[job.id].holder = job.attempt
        return job

    @rule(target=claims, owner=OWNERS)
    def claim_cancelled(self, owner: str) -> object:
        waiting = [name for name, job in self.model.items() if job.state == CANCELLING and job.holder is None]
        job = self.stores[owner].claim_cancelled()
        assert (None if job is None else job.id) == (waiting[0] if waiting else None)
        if job is None:
            return multiple()
        assert job.snapshot == self.model[job.id].snapshot
        self.model[job.id].holder = job.attempt
        return job

    @rule(job=claims, owner=OWNERS, events=st.lists(CONTENTS, max_size=3), content=st.none() | CONTENTS)
    def progress(self, job: ClaimedJob, owner: str, events: list[bytes], content: bytes | None) -> None:
        snapshot = None if content is None else Snapshot(attempt=job.attempt, content=content)
        assert self.stores[owner].add_events(job, events, snapshot=snapshot) == self.holds(job)
        if self.holds(job):
            self.model[job.id].snapshot = snapshot or self.model[job.id].snapshot
            self.model[job.id].history += [(self.model[job.id].state, event) for event in events]

    @rule(job=claims, owner=OWNERS, plan=CONTENTS, summary=CONTENTS, cancelled=st.booleans())
    def succeed(self, job: ClaimedJob, owner: str, plan: bytes, summary: bytes, cancelled: bool) -> None:
        holds = self.holds(job)
        assert self.stores[owner].succeed(job, plan=plan, summary=summary, cancelled=cancelled) == holds
        if holds:
            self.model[job.id].enter(CANCELLED if cancelled else SUCCEEDED)
            self.model[job.id].plan = (plan, summary)
            self.model[job.id].holder = None

    @rule(job=claims, owner=OWNERS)
    def fail(self, job: ClaimedJob, owner: str) -> None:
        holds = self.holds(job)
        assert self.stores[owner].fail(job, status=b"status") == holds
        if holds:
            self.model[job.id].enter(FAILED)
            self.model[job.id].holder = None

    @rule(job=consumes(claims), owner=OWNERS)
    def crash(self, job: ClaimedJob, owner: str) -> None:
        """The solver crashed; here the job waits no time before it may be tried again."""
        holds = self.holds(job)
        state = self.stores[owner].crash(job, status=b"status")
        if holds:
            self.take_away(self.model[job.id])
        assert state == (self.model[job.id].state if holds else None)

    @rule(job=consumes(claims), owner=OWNERS)
    def give_back(self, job: ClaimedJob, owner: str) -> None:
        holds = self.holds(job)
        assert self.stores[owner].give_back(job) == holds
        if holds:
            self.model[job.id].holder = None
            if self.model[job.id].state == RUNNING:
                self.model[job.id].enter(QUEUED)

    @rule(job=claims, owner=OWNERS)
    def lease_runs_out(self, job: ClaimedJob, owner: str) -> None:
        if self.holds(job):
            let_lease_run_out(self.database, job)
            assert [found.id for found in self.stores[owner].recover()] == [job.id]
            self.take_away(self.model[job.id])
        assert self.stores[owner].recover() == []
        assert self.stores[owner].renew([job]) == [job]

    @rule()
    def crash_and_restart(self) -> None:
        """Both servers die at once; what they held is found by the next."""
        self.place.close()
        self.open()
        held = [name for name, job in self.model.items() if job.holder is not None]
        assert [found.id for found in self.stores["a"].recover(everything=True)] == held
        for name in held:
            self.take_away(self.model[name])

    def take_away(self, job: Model) -> None:
        job.holder = None
        job.lost += 1
        if job.state == RUNNING:
            job.enter(QUEUED if job.lost < MAX_ATTEMPTS else FAILED)

    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        name, job = self.any_job(data)
        if job.operation_deleted:
            with pytest.raises(NotFound):
                self.jobs.request_cancel(TENANT, name)
            return
        assert self.jobs.request_cancel(TENANT, name).state == job.state
        if job.state in (QUEUED, RUNNING):
            job.enter(CANCELLING)

    @rule(data=st.data())
    def delete_operation(self, data: st.DataObject) -> None:
        name, job = self.any_job(data)
        if job.state not in FINAL or job.operation_deleted:
            with pytest.raises(NotFound if job.operation_deleted else Conflict):
                self.jobs.delete_operation(TENANT, name)
            return
        self.jobs.delete_operation(TENANT, name)
        job.operation_deleted = True
        if job.plan_deleted or job.state == FAILED:
            del self.model[name]

    @rule(data=st.data())
    def delete_plan(self, data: st.DataObject) -> None:
        name, job = self.any_job(data)
        if job.state not in FINAL or job.plan_deleted:
            with pytest.raises(NotFound if job.plan_deleted else Conflict):
                self.jobs.delete_plan(TENANT, name)
            return
        self.jobs.delete_plan(TENANT, name)
        job.plan_deleted, job.plan = True, None
        if job.operation_deleted:
            del self.model[name]

    def any_job(self, data: st.DataObject) -> tuple[str, Model]:
        if not self.model:
            self.model["job-first"] = Model(b"x")
            self.jobs.create(new_job("job-first", scenario=b"x"), key=None)
        name = data.draw(st.sampled_from(sorted(self.model)))
        return name, self.model[name]

    @invariant()
    def every_job_is_as_it_should_be(self) -> None:
        for name, job in self.model.items():
            row, history = self.jobs.history(TENANT, name, after=0)
            assert (row.state, row.operation_deleted, row.plan_deleted) == (
                job.state,
                job.operation_deleted,
                job.plan_deleted,
            )
            assert [(entry.state, entry.event) for entry in history] == job.history
            assert [entry.sequence for entry in history] == list(range(1, row.sequence + 1))
            assert sum(entry.state in FINAL for entry in history) == (job.state in FINAL)

    @invariant()
    def what_has_ended_keeps_no_snapshot(self) -> None:
        with self.database.reading() as connection:
            kept = list(connection.execute(sa.select(snapshots.c.attempt, snapshots.c.content)))
        wanted = [job.snapshot for job in self.model.values() if job.snapshot is not None]
        assert sorted((row.attempt, row.content) for row in kept) == sorted(
            (snapshot.attempt, snapshot.content) for snapshot in wanted
        )

    @invariant()
    def lists_hold_what_there_is(self) -> None:
        operations = {job.id for job in listed(self.jobs)}
        assert operations == {name for name, job in self.model.items() if not job.operation_deleted}
        plans = {row.id: row.content for row in self.jobs.plans(TENANT, WHOLE, full=True)}
        assert plans == {name: job.plan[0] for name, job in self.model.items() if job.plan is not None}

    @invariant()
    def contents_are_those_that_jobs_refer_to(self) -> None:
        used = {job.scenario for job in self.model.values()}
        for job in self.model.values():
            used.update(job.plan or ())
        assert {content for _, content in kept_blobs(self.database)} == used


def test_random_histories_agree_with_the_model(place: StorePlace) -> None:
    class Machine(StoreMachine):
        pass

    Machine.place = place
    examples = 200 if os.environ.get("TOPODESIGN_NEW_EXAMPLES") else 8
    run_state_machine_as_test(Machine, settings=settings(max_examples=examples, stateful_step_count=35, deadline=None))
