"""Databases of earlier versions are carried over whole, and every way to the present layout ends at the same one."""

import gzip
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from google.rpc.status_pb2 import Status
from served.real_postgres import RealPostgres
from served.small_scenarios import two_sites, wide_grid
from served.store_place import StorePlace, attempt_store, claimed, job_store, kept_blobs, listed, new_job
from topodesign_server.cancelled import cancelled_plan
from topodesign_server.database import FILE_NAME, Database, open_database
from topodesign_server.job_rows import CANCELLED, CANCELLING, FAILED, QUEUED, RUNNING, SUCCEEDED
from topodesign_server.names import RequestKey
from topodesign_server.paging import Page
from topodesign_server.request_ids import first_answer
from topodesign_server.scenario_store import ScenarioStore
from topodesign_server.tables import DEFAULT_TENANT as TENANT
from topodesign_server.tables import metadata

from topodesign.domain.errors import Conflict, InvalidInput, NotFound
from topodesign.domain.plan import Plan, SolveLimits
from topodesign.domain.scenario import Scenario
from topodesign.scenario import scenario_digest
from topodesign.v1 import plan_pb2, scenario_pb2
from topodesign.wire import from_proto, to_proto

# Left by a server of version 0.1 that was killed while it made `running`, with a job in every other state and the
# scenario `kept`; `unnamed` had its id from the service.
OLD_FILE = Path(__file__).with_name("data") / "layout-of-0.1.sqlite.gz"
UNNAMED = "p-e0491d63691e486fa0879f11c70bc4dc"
WHOLE = Page(before=None, size=100)
LIMITS = to_proto(SolveLimits()).SerializeToString()


@pytest.fixture
def old_directory(tmp_path: Path) -> Path:
    (tmp_path / FILE_NAME).write_bytes(gzip.decompress(OLD_FILE.read_bytes()))
    return tmp_path


@pytest.fixture
def carried_over(old_directory: Path) -> Iterator[Database]:
    with StorePlace(old_directory) as place:
        place.open()
        place.close()
        yield place.open()  # for the second time: what is at the present layout stays as it is


def layout_differences(database: Database) -> list[object]:
    with database.reading() as connection:
        found: list[object] = compare_metadata(MigrationContext.configure(connection), metadata)
    return found


def test_a_new_database_has_the_layout_that_the_code_works_with(tmp_path: Path, postgres: RealPostgres) -> None:
    with StorePlace(tmp_path) as file, StorePlace(tmp_path, postgres.url(postgres.new_database())) as shared:
        assert layout_differences(file.open()) == []
        assert layout_differences(shared.open()) == []


def test_a_database_of_version_0_1_gets_the_same_layout(carried_over: Database) -> None:
    assert layout_differences(carried_over) == []
    with carried_over.reading() as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"


def test_every_job_of_version_0_1_is_kept_in_its_state_and_order(carried_over: Database) -> None:
    rows = listed(job_store(carried_over))
    assert [(row.id, row.state) for row in rows] == [
        ("cancelled", CANCELLED),
        ("queued", QUEUED),
        ("running", RUNNING),
        (UNNAMED, SUCCEEDED),
        ("plan-deleted", SUCCEEDED),
        ("failed", FAILED),
        ("succeeded", SUCCEEDED),
    ]
    assert [row.id for row in rows if not row.is_named] == [UNNAMED]
    assert all((row.end_time == row.update_time) if row.is_final else row.end_time is None for row in rows)
    assert {row.id: row.attempt_count for row in rows}["running"] == 1


def test_plans_and_scenarios_of_version_0_1_are_read_as_before(carried_over: Database) -> None:
    jobs = job_store(carried_over)
    assert [row.id for row in jobs.plans(TENANT, WHOLE, full=False)] == [
        "cancelled",
        UNNAMED,
        "operation-deleted",
        "succeeded",
    ]
    row = jobs.plan(TENANT, "succeeded")
    assert row.scenario_name == "scenarios/kept"
    plan = from_proto(plan_pb2.Plan.FromString(row.content), Plan)
    assert (plan.status, plan.cost_usd) == ("optimal", 33502284.89)
    assert from_proto(scenario_pb2.Scenario.FromString(row.scenario), Scenario) == two_sites()
    kept = ScenarioStore(carried_over).get(TENANT, "kept")
    assert kept.content == row.scenario
    with pytest.raises(NotFound):
        jobs.plan(TENANT, "plan-deleted")
    with pytest.raises(NotFound):
        jobs.get_with_plan(TENANT, "operation-deleted")
    assert "objective" in Status.FromString(jobs.get(TENANT, "failed").error or b"").message


def test_histories_of_version_0_1_are_kept_whole(carried_over: Database) -> None:
    jobs = job_store(carried_over)
    job, history = jobs.history(TENANT, "succeeded", after=0)
    assert [row.sequence for row in history] == list(range(1, 14))
    assert (job.sequence, history[0].state, history[-1].state) == (13, QUEUED, SUCCEEDED)
    assert plan_pb2.PlanEvent.FromString(history[5].event or b"").phase


def test_requests_of_version_0_1_are_still_recognized(carried_over: Database) -> None:
    key = RequestKey(
        tenant=TENANT, method="CreatePlan", request_id="11111111-1111-4111-8111-111111111101", digest=b"another"
    )
    with carried_over.reading() as connection, pytest.raises(InvalidInput, match="was used for another"):
        first_answer(connection, key)


def test_what_a_server_of_version_0_1_was_making_is_made_again(carried_over: Database) -> None:
    attempts = attempt_store(carried_over, max_attempts=5)
    # its lease is long over, so that this needs no claim to be alone
    assert [(job.id, job.state) for job in attempts.recover()] == [("running", QUEUED)]
    first, second = claimed(attempts), claimed(attempts)
    assert (first.id, first.attempt, second.id) == ("running", 2, "queued")
    assert from_proto(scenario_pb2.Scenario.FromString(first.scenario), Scenario) == wide_grid(3)
    assert second.start == job_store(carried_over).plan(TENANT, "succeeded").content


def test_a_cancellation_accepted_by_version_0_1_is_finished(old_directory: Path) -> None:
    with sqlite3.connect(old_directory / FILE_NAME) as old:
        old.execute("UPDATE jobs SET state = ? WHERE id = 'running'", (CANCELLING,))
    old.close()
    with StorePlace(old_directory) as place:
        attempts = attempt_store(place.open())
        assert attempts.recover() == []
        job = attempts.claim_cancelled()
        assert job is not None
        assert job.id == "running"


def test_equal_contents_of_version_0_1_are_kept_once(carried_over: Database) -> None:
    contents = [content for _, content in kept_blobs(carried_over)]
    assert len(contents) == len(set(contents))
    # six jobs and the kept scenario are of the same scenario
    assert sum(b"two sites" in content and b"north" in content and len(content) == 570 for content in contents) == 1


def test_a_directory_from_before_plans_could_begin_from_another_is_carried_over(old_directory: Path) -> None:
    with sqlite3.connect(old_directory / FILE_NAME) as old:
        old.execute("ALTER TABLE jobs DROP COLUMN start")
    old.close()
    with StorePlace(old_directory) as place:
        attempts = attempt_store(place.open(), max_attempts=5)
        attempts.recover()
        assert [(job.id, job.start) for job in (claimed(attempts), claimed(attempts))] == [
            ("running", None),
            ("queued", None),
        ]


def test_what_is_older_than_fingerprints_has_none_and_its_plan_is_told_all_the_same(
    tmp_path: Path, postgres: RealPostgres
) -> None:
    content = to_proto(two_sites()).SerializeToString(deterministic=True)
    for url in (None, postgres.url(postgres.new_database())):
        with StorePlace(tmp_path, url) as place:
            database = place.open()
            ScenarioStore(database).create(TENANT, "kept", content=content, summary=b"head", key=None)
            job_store(database).create(new_job("queued", scenario=content), key=None)
            with database.writing() as connection:  # as a server of the layout before left it
                for table in ("scenarios", "jobs"):
                    connection.exec_driver_sql(f"ALTER TABLE {table} DROP COLUMN scenario_sha256")
                connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0006'")
            place.close()
            database = place.open()
            assert layout_differences(database) == []
            assert ScenarioStore(database).get(TENANT, "kept").scenario_sha256 is None
            job_store(database).request_cancel(TENANT, "queued")
            job = attempt_store(database).claim_cancelled()
            assert job is not None
            assert job.scenario_sha256 is None
            plan = cancelled_plan(scenario=job.scenario, limits=LIMITS, progress=None, scenario_sha256=None)
            assert plan.provenance.scenario_sha256 == scenario_digest(two_sites())


def test_servers_that_start_at_once_on_an_empty_database_lay_it_out_once(
    postgres: RealPostgres, tmp_path: Path
) -> None:
    url = postgres.url(postgres.new_database())
    with ThreadPoolExecutor(4) as threads:
        opened = list(threads.map(lambda _: open_database(tmp_path, url=url), range(4)))
    assert len({database.signing_key for database in opened}) == 1
    assert layout_differences(opened[0]) == []
    for database in opened:
        database.close()


def test_a_database_that_a_later_version_has_used_is_left_alone(tmp_path: Path, postgres: RealPostgres) -> None:
    for url in (None, postgres.url(postgres.new_database())):
        with StorePlace(tmp_path, url) as place:
            with place.open().writing() as connection:
                connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
            place.close()
            with pytest.raises(Conflict) as caught:
                place.open()
            assert caught.value.reason == "DATABASE_TOO_NEW"
