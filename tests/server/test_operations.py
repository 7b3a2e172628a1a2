"""What operations answer, and what reading them costs."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa
from google.longrunning.operations_pb2 import WaitOperationRequest
from google.protobuf.duration_pb2 import Duration
from served.store_place import attempt_store, claimed, job_store, new_job
from topodesign_server.database import Database
from topodesign_server.job_store import JobStore
from topodesign_server.operations_servicer import LONGEST_WAIT_S, wait_s
from topodesign_server.paging import Page
from topodesign_server.queue_room import QueueLimits
from topodesign_server.tables import DEFAULT_TENANT as TENANT


@pytest.mark.parametrize(
    ("timeout", "expected_s"),
    [
        (None, LONGEST_WAIT_S),
        (Duration(), 0.0),
        (Duration(nanos=900_000_000), 0.9),  # a wait that were over at once would have its client ask without a pause
        (Duration(seconds=2, nanos=500_000_000), 2.5),
        (Duration(seconds=-3, nanos=-1), 0.0),
        (Duration(seconds=315_576_000_000), LONGEST_WAIT_S),  # ten thousand years, the longest duration
    ],
)
def test_a_wait_lasts_as_long_as_was_asked_and_at_most_a_minute(timeout: Duration | None, expected_s: float) -> None:
    assert wait_s(WaitOperationRequest(timeout=timeout)) == pytest.approx(expected_s)


@contextmanager
def statements() -> Iterator[list[str]]:
    """What is asked of databases meanwhile."""
    asked: list[str] = []

    def note(*event: object) -> None:
        asked.append(str(event[2]))

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)


def make_plans(database: Database, *, number: int) -> None:
    """Jobs that have a plan each, of a scenario of their own."""
    attempts = attempt_store(database)
    for one in range(number):
        job_store(database).create(new_job(f"job-{one}", scenario=b"scenario-%d" % one), key=None)
        plan, summary = b"plan-%d" % one, b"summary-%d" % one
        assert attempts.succeed(claimed(attempts), plan=plan, summary=summary, cancelled=False)


def test_an_operation_is_read_without_its_scenario_and_its_plan_once(database: Database) -> None:
    make_plans(database, number=1)
    jobs = JobStore(database, queue=QueueLimits(total=9, of_tenant=9), cache_bytes=10_000)
    with statements() as asked:
        for _ in range(3):
            _, plan = jobs.get_with_plan(TENANT, "job-0")
            assert plan is not None
            assert plan.content == b"plan-0"
        assert jobs.plan(TENANT, "job-0", with_scenario=False).content == b"plan-0"
    assert len([statement for statement in asked if "blobs" in statement]) == 1


def test_a_page_of_operations_takes_as_many_questions_as_one(database: Database) -> None:
    make_plans(database, number=5)
    jobs = job_store(database)
    jobs.create(new_job("waits"), key=None)
    jobs.delete_plan(TENANT, "job-3")
    jobs.delete_operation(TENANT, "job-1")
    found, questions = {}, set()
    for size in (1, 9):
        with statements() as asked:
            found = {
                job.id: None if plan is None else plan.content
                for job, plan in jobs.page_with_plans(TENANT, Page(before=None, size=size))
            }
        questions.add(len(asked))
    assert list(found) == ["waits", "job-4", "job-3", "job-2", "job-0"]
    assert found == {"waits": None, "job-4": b"summary-4", "job-3": None, "job-2": b"summary-2", "job-0": b"summary-0"}
    assert len(questions) == 1
