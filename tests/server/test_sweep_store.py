"""Sweeps in the job store: points are kept once, by the attempt that holds the sweep, and go with it."""

import pytest
import sqlalchemy as sa
from served.store_place import (
    StorePlace,
    attempt_store,
    claimed,
    job_store,
    kept_blobs,
    let_lease_run_out,
    new_job,
)
from topodesign_server.blobs import keep
from topodesign_server.database import Database
from topodesign_server.job_changes import MOST_POINTS, advance, find_job, forget_result
from topodesign_server.job_rows import CANCELLED, QUEUED, RUNNING, SUCCEEDED, NewSweep, PointRow
from topodesign_server.paging import Page
from topodesign_server.quotas import Quotas, kept_bytes
from topodesign_server.retention import Periods, Retention
from topodesign_server.scenario_store import ScenarioStore
from topodesign_server.sweep_store import PAGE_BYTES, PointStore, SweepStore
from topodesign_server.tables import DEFAULT_TENANT as TENANT
from topodesign_server.tables import events, sweep_points
from topodesign_server.tables import jobs as job_table
from topodesign_server.tables import sweeps as sweep_table

from topodesign.domain.errors import Conflict, NotFound, QuotaExceeded

SWEEP = NewSweep(definition=b"definition", progress=b"counts")
WHOLE = Page(before=None, size=100)


def point(number: int, plan: bytes = b"") -> PointRow:
    return PointRow(number=number, result=b"result %d" % number, plan=plan)


def test_another_attempt_finds_what_was_finished_and_a_late_write_changes_nothing(place: StorePlace) -> None:
    database = place.open()
    jobs, first, points = job_store(database), attempt_store(database), PointStore(database)
    jobs.create(new_job("s", sweep=SWEEP), key=None)
    lost = claimed(first)
    assert (lost.kind, lost.definition) == ("sweep", b"definition")
    assert points.finish(lost, point(1, b"plan"), event=b"one")
    let_lease_run_out(database, lost)
    assert [found.state for found in first.recover()] == [QUEUED]
    held = claimed(first)
    assert not points.finish(lost, point(0), event=b"late")
    assert not first.end_sweep(lost, cancelled=False)
    assert [row.number for row in points.finished(held)] == [1]
    assert points.plan(held, 1) == b"plan"
    assert points.finish(held, point(0), event=b"two")
    assert first.end_sweep(held, cancelled=False)
    job, entries = jobs.history(TENANT, "s", after=0, what="sweeps")
    assert job.state == SUCCEEDED
    assert [entry.event for entry in entries if entry.event] == [b"one", b"two"]
    assert [entry.sequence for entry in entries] == list(range(1, len(entries) + 1))


def test_a_write_whose_acknowledgement_was_lost_is_made_once(database: Database) -> None:
    jobs, attempts, points = job_store(database), attempt_store(database), PointStore(database)
    jobs.create(new_job("s", sweep=SWEEP), key=None)
    held = claimed(attempts)
    assert points.finish(held, point(0, b"plan"), event=b"one")
    assert points.finish(held, point(0, b"plan"), event=b"one")
    _, entries = jobs.history(TENANT, "s", after=0, what="sweeps")
    assert [entry.event for entry in entries if entry.event] == [b"one"]


def test_a_sweep_that_gets_on_is_not_given_up(database: Database) -> None:
    """Two lost attempts are the most here; five that each finish a point are not too many."""
    jobs, attempts, points = job_store(database), attempt_store(database, max_attempts=2), PointStore(database)
    jobs.create(new_job("s", sweep=SWEEP), key=None)
    for number in range(5):
        held = claimed(attempts)
        assert points.finish(held, point(number), event=b"one more")
        let_lease_run_out(database, held)
        assert [found.state for found in attempts.recover()] == [QUEUED]
    assert jobs.get(TENANT, "s").attempt_count == 1


def test_plans_of_points_are_kept_once_and_go_with_the_sweep(database: Database) -> None:
    jobs, attempts = job_store(database), attempt_store(database)
    points, sweeps = PointStore(database), SweepStore(database)
    for job_id in ("s", "t"):
        jobs.create(new_job(job_id, sweep=SWEEP), key=None)
        held = claimed(attempts)
        for number in (0, 1):
            assert points.finish(held, point(number, b"plan"), event=b"one more")
        assert attempts.end_sweep(held, cancelled=job_id == "t")
    assert kept_blobs(database) == {(TENANT, b"scenario"), (TENANT, b"plan")}
    sweeps.delete(TENANT, "s")
    assert (TENANT, b"plan") in kept_blobs(database)
    sweeps.delete(TENANT, "t")
    assert kept_blobs(database) == {(TENANT, b"scenario")}
    with pytest.raises(NotFound):
        sweeps.points(TENANT, "t")
    for job_id in ("s", "t"):
        jobs.delete_operation(TENANT, job_id)
    assert kept_blobs(database) == set()


def test_points_of_a_cancelled_sweep_stay_and_a_running_one_is_not_deleted(database: Database) -> None:
    jobs, attempts = job_store(database), attempt_store(database)
    points, sweeps = PointStore(database), SweepStore(database)
    jobs.create(new_job("s", sweep=SWEEP), key=None)
    held = claimed(attempts)
    points.finish(held, point(3, b"plan"), event=b"one")
    with pytest.raises(Conflict) as refused:
        sweeps.delete(TENANT, "s")
    assert refused.value.reason == "SWEEP_NOT_ENDED"
    jobs.request_cancel(TENANT, "s")
    attempts.end_sweep(held, cancelled=True)
    assert sweeps.get(TENANT, "s").job.state == CANCELLED
    assert [(row.number, row.result) for row in sweeps.points(TENANT, "s")] == [(3, b"result 3")]
    assert sweeps.plan(TENANT, "s", 3) == b"plan"
    with pytest.raises(NotFound) as missing:
        sweeps.plan(TENANT, "s", 2)
    assert missing.value.reason == "SWEEP_PLAN_UNKNOWN"


def test_plans_and_sweeps_are_told_apart_and_share_their_ids(database: Database) -> None:
    jobs, sweeps = job_store(database), SweepStore(database)
    jobs.create(new_job("plan"), key=None)
    jobs.create(new_job("sweep", sweep=SWEEP), key=None)
    assert [row.job.id for row in sweeps.page(TENANT, WHOLE)[0]] == ["sweep"]
    assert [job.id for job, _ in jobs.page_with_plans(TENANT, WHOLE)] == ["sweep", "plan"]
    for ask in (lambda: jobs.plan(TENANT, "sweep"), lambda: jobs.delete_plan(TENANT, "sweep")):
        with pytest.raises(NotFound, match="plans/sweep does not exist"):
            ask()
    with pytest.raises(NotFound, match="sweeps/plan does not exist"):
        sweeps.get(TENANT, "plan")
    for new, reason in ((new_job("sweep"), "SWEEP_EXISTS"), (new_job("plan", sweep=SWEEP), "PLAN_EXISTS")):
        with pytest.raises(Conflict) as taken:
            jobs.create(new, key=None)
        assert taken.value.reason == reason


def test_a_sweep_is_one_job_of_its_tenants_quota(database: Database) -> None:
    jobs = job_store(database, quotas=Quotas(plans=1))
    jobs.create(new_job("s", sweep=SWEEP), key=None)
    with pytest.raises(QuotaExceeded):
        jobs.create(new_job("p"), key=None)
    jobs.create(new_job("p", tenant="another"), key=None)


def test_an_old_sweep_whose_id_the_service_chose_is_forgotten_with_its_points(database: Database) -> None:
    jobs, attempts, points = job_store(database), attempt_store(database), PointStore(database)
    for job_id in ("chosen", "named"):
        jobs.create(new_job(job_id, is_named=job_id == "named", sweep=SWEEP), key=None)
        held = claimed(attempts)
        points.finish(held, point(0, job_id.encode()), event=b"one")
        attempts.end_sweep(held, cancelled=False)
    with database.writing() as connection:
        connection.execute(job_table.update().values(end_time=sa.literal(0.0)))
    periods = Periods(operations_days=1, histories_days=1, unnamed_plans_days=1, request_ids_days=1)
    forgotten = Retention(database, periods).sweep()
    assert (forgotten.operations, forgotten.plans) == (2, 1)
    sweeps = SweepStore(database)
    assert [row.job.id for row in sweeps.page(TENANT, WHOLE)[0]] == ["named"]
    assert kept_blobs(database) == {(TENANT, b"scenario"), (TENANT, b"named")}
    sweeps.delete(TENANT, "named")
    assert kept_blobs(database) == set()


def test_a_sweep_that_waits_is_cancelled_like_any_job(database: Database) -> None:
    jobs, attempts = job_store(database), attempt_store(database)
    jobs.create(new_job("s", sweep=SWEEP), key=None)
    jobs.request_cancel(TENANT, "s")
    taken = attempts.claim_cancelled()
    assert taken is not None and taken.kind == "sweep"
    assert attempts.end_sweep(taken, cancelled=True)
    assert attempts.claim() is None
    assert jobs.get(TENANT, "s").state != RUNNING


def test_definitions_count_towards_the_bytes_of_their_tenant(database: Database) -> None:
    """300 bytes: two sweeps of the same scenario (8 bytes, kept once) with 100 bytes of definition, but not a third."""
    jobs = job_store(database, quotas=Quotas(bytes=300))
    long = NewSweep(definition=b"d" * 100, progress=b"")
    for job_id in ("one", "two"):
        jobs.create(new_job(job_id, sweep=long), key=None)
    with pytest.raises(QuotaExceeded) as full:
        jobs.create(new_job("three", sweep=long), key=None)
    assert "208 bytes are kept and 108 would be added" in str(full.value)
    jobs.create(new_job("three", tenant="another", sweep=long), key=None)


def test_what_points_leave_behind_counts_until_their_sweep_is_deleted(database: Database) -> None:
    """Each sweep has 10 bytes of definition, two results of 8 and two events of 3: 32. All share 8 of scenario and 4 of
    plan, so that two have 76, and one 44. Their second points went beyond the quota, and are kept.
    """
    quotas = Quotas(bytes=70)
    jobs, attempts = job_store(database, quotas=quotas), attempt_store(database)
    points, sweeps = PointStore(database), SweepStore(database)
    for job_id in ("s", "t"):
        jobs.create(new_job(job_id, sweep=SWEEP), key=None)
    for _ in ("s", "t"):
        held = claimed(attempts)
        for number in (0, 1):
            assert points.finish(held, point(number, b"plan"), event=b"one")
        assert attempts.end_sweep(held, cancelled=False)
    with pytest.raises(QuotaExceeded, match="76 bytes are kept and 8 would be added"):
        jobs.create(new_job("p"), key=None)
    with pytest.raises(QuotaExceeded, match="76 bytes are kept and 1 would be added"):
        ScenarioStore(database, quotas).create(TENANT, "one", content=b"x", summary=b"", key=None)
    jobs.create(new_job("p", tenant="another"), key=None)
    sweeps.delete(TENANT, "s")
    jobs.create(new_job("p"), key=None)
    assert kept(database) == 44
    sweeps.delete(TENANT, "t")
    assert kept(database) == len(b"scenario")


def test_a_history_that_is_forgotten_no_longer_counts_and_that_of_a_plan_never_does(database: Database) -> None:
    """8 bytes of scenario, 10 of definition, 8 of a result; 3 of its event, until only the last entry stays."""
    jobs, attempts, points = job_store(database), attempt_store(database), PointStore(database)
    jobs.create(new_job("p"), key=None)
    assert attempts.add_events(claimed(attempts), [b"progress of a plan"])
    jobs.create(new_job("s", sweep=SWEEP), key=None)
    held = claimed(attempts)
    assert points.finish(held, point(0), event=b"one")
    assert attempts.end_sweep(held, cancelled=False)
    assert kept(database) == 29
    with database.writing() as connection:
        connection.execute(job_table.update().values(end_time=sa.literal(0.0)))
    periods = Periods(operations_days=None, histories_days=1, unnamed_plans_days=None, request_ids_days=None)
    Retention(database, periods).sweep()
    assert kept(database) == 26


def kept(database: Database) -> int:
    with database.reading() as connection:
        return connection.execute(kept_bytes(TENANT)).scalar_one()


def test_a_page_of_sweeps_ends_before_its_definitions_are_too_long(database: Database) -> None:
    jobs, sweeps = job_store(database), SweepStore(database)
    for job_id, size in (("a", 1), ("b", PAGE_BYTES + 1), ("c", PAGE_BYTES // 2)):
        jobs.create(new_job(job_id, sweep=NewSweep(definition=b"d" * size, progress=b"")), key=None)
    pages: list[list[str]] = []
    page, is_last = WHOLE, False
    while not is_last:
        rows, is_last = sweeps.page(TENANT, page)
        pages.append([row.job.id for row in rows])
        page = Page(before=rows[-1].job.number, size=100)
    assert pages == [["c"], ["b"], ["a"]]
    assert sweeps.page(TENANT, page) == ([], True)


def ended_sweep(database: Database, *, points: int) -> None:
    """A sweep "s" whose points have a plan each, written as attempts do but in one transaction."""
    jobs, attempts = job_store(database), attempt_store(database)
    jobs.create(new_job("s", sweep=SWEEP), key=None)
    held = claimed(attempts)
    with database.writing() as connection:
        for number in range(points):
            (plan,) = keep(connection, TENANT, b"plan %d" % number)
            values = {"number": number, "attempt": 1, "result": b"result", "plan": plan}
            connection.execute(sweep_points.insert().values(job=held.number, tenant=TENANT, **values))
        advance(connection, job_table.c.number == held.number, now=1.0, entries=[b"point"] * points)
    assert attempts.end_sweep(held, cancelled=False)


def left_of_sweeps(database: Database) -> tuple[int, int, int, int]:
    """Points, entries of histories that have one, definitions and progress of all sweeps."""
    told = sa.select(events).where(events.c.event.is_not(None))
    progress = sa.select(job_table).where(job_table.c.progress.is_not(None))
    with database.reading() as connection:
        queries = (sa.select(sweep_points), told, sa.select(sweep_table), progress)
        points, entries, definitions, known = (
            connection.scalar(sa.select(sa.func.count()).select_from(query.subquery())) or 0 for query in queries
        )
    return points, entries, definitions, known


def test_nothing_of_a_deleted_sweep_is_kept_or_told(database: Database) -> None:
    """More points than one transaction deletes."""
    ended_sweep(database, points=MOST_POINTS + 1)
    assert left_of_sweeps(database) == (MOST_POINTS + 1, MOST_POINTS + 1, 1, 1)
    jobs, sweeps = job_store(database), SweepStore(database)
    sweeps.delete(TENANT, "s")
    assert left_of_sweeps(database) == (0, 0, 0, 0)
    assert kept_blobs(database) == {(TENANT, b"scenario")}
    with pytest.raises(NotFound) as gone:
        jobs.history(TENANT, "s", after=0, what="sweeps")
    assert gone.value.reason == "SWEEP_UNKNOWN"
    assert jobs.get(TENANT, "s").state == SUCCEEDED  # the operation stays, and says that the sweep was deleted
    jobs.delete_operation(TENANT, "s")
    assert kept_blobs(database) == set()


def test_a_deletion_that_was_interrupted_is_finished_by_retention(database: Database) -> None:
    ended_sweep(database, points=3)
    jobs = job_store(database)
    with database.writing() as connection:  # and the server dies
        forget_result(connection, find_job(connection, TENANT, "s", to_change=True))
    jobs.delete_operation(TENANT, "s")
    assert left_of_sweeps(database)[0] == 3
    Retention(
        database, Periods(operations_days=None, histories_days=None, unnamed_plans_days=None, request_ids_days=None)
    ).sweep()
    assert kept_blobs(database) == set()
    with pytest.raises(NotFound):
        jobs.get(TENANT, "s")
