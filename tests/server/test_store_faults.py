"""A store that cannot serve is told as such, with a reason and a time to come again: never as a defect."""

import shutil
import sqlite3
import traceback
from pathlib import Path

import grpc
import pytest
import sqlalchemy as sa
import structlog
from google.rpc import code_pb2
from google.rpc.error_details_pb2 import RetryInfo
from served.real_postgres import RealPostgres
from served.running_server import RunningServer
from served.small_scenarios import two_sites
from served.store_place import StorePlace, attempt_store, claimed, job_store, new_job
from topodesign_server.database import FILE_NAME, open_database
from topodesign_server.incidents import status_of
from topodesign_server.store_faults import is_store_fault
from topodesign_server.tables import DEFAULT_TENANT as TENANT

from topodesign.client import Client
from topodesign.domain.errors import CapacityError, ServiceUnavailable, TopoDesignError
from topodesign.v1 import planning_service_pb2, planning_service_pb2_grpc, scenario_pb2
from topodesign.wire import to_proto

CODES = {"STORE_FULL": code_pb2.RESOURCE_EXHAUSTED, "STORE_BUSY": code_pb2.UNAVAILABLE}


def assert_told(error: TopoDesignError, reason: str) -> None:
    assert error.reason == reason
    assert is_store_fault(error)
    status = status_of(error, during="CreatePlan")
    assert status.code == CODES.get(reason, code_pb2.UNAVAILABLE)
    assert any(detail.Is(RetryInfo.DESCRIPTOR) for detail in status.details)
    assert "incident" not in status.message


def test_a_full_disk_refuses_and_keeps_what_there_was(small_disk: Path) -> None:
    with StorePlace(small_disk) as place:
        jobs = job_store(place.open(), queue_limit=10_000)
        jobs.create(new_job("first"), key=None)
        with pytest.raises(CapacityError) as caught:
            for number in range(1000):
                jobs.create(new_job(f"job-{number}", scenario=bytes([number % 256]) * 100_000), key=None)
        assert_told(caught.value, "STORE_FULL")
        assert jobs.get(TENANT, "first").id == "first"
        place.close()
        shutil.rmtree(small_disk / "ballast")
        attempts = attempt_store(place.open(), max_attempts=9)
        assert claimed(attempts).id == "first"


def test_a_full_file_refuses_and_goes_on_when_there_is_room(file_place: StorePlace) -> None:
    database = file_place.open()
    jobs = job_store(database)
    with database.reading() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")  # of this connection, the only one so far
    with pytest.raises(CapacityError) as caught:
        jobs.create(new_job("a", scenario=bytes(100_000)), key=None)
    assert_told(caught.value, "STORE_FULL")
    with database.reading() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 100000")
    assert jobs.create(new_job("a", scenario=bytes(100_000)), key=None).id == "a"


def test_a_file_that_another_process_holds_is_busy(file_place: StorePlace) -> None:
    jobs = job_store(file_place.open(lock_timeout_s=0.05))
    other = sqlite3.connect(file_place.directory / FILE_NAME, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(ServiceUnavailable) as caught:
        jobs.create(new_job("a"), key=None)
    assert_told(caught.value, "STORE_BUSY")
    other.execute("ROLLBACK")
    other.close()
    assert jobs.create(new_job("a"), key=None).id == "a"


def test_work_that_ends_while_the_store_is_busy_is_written_when_it_is_not(tmp_path: Path) -> None:
    with RunningServer(tmp_path, store_timeout_s=0.1) as server, Client(server.address) as client:
        job = client.submit_plan(two_sites(), time_limit_s=60)
        server.wait_for_attempt()
        other = sqlite3.connect(tmp_path / FILE_NAME, isolation_level=None, timeout=60)
        other.execute("BEGIN IMMEDIATE")
        scenario = to_proto(two_sites())
        assert isinstance(scenario, scenario_pb2.Scenario)
        with grpc.insecure_channel(server.address) as channel, pytest.raises(grpc.RpcError) as caught:
            stub = planning_service_pb2_grpc.PlanningServiceStub(channel)
            stub.CreatePlan(planning_service_pb2.CreatePlanRequest(scenario=scenario), timeout=60)
        assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
        assert "the store is busy" in (caught.value.details() or "")
        assert job.status().state in ("queued", "running")  # who only reads is not held up
        server.wait_for(lambda text: '"during": "end"' in text)
        other.execute("ROLLBACK")
        other.close()
        assert job.result(120).status == "optimal"
        assert job.status().attempts == 1


def test_a_table_that_another_session_locks_is_busy(
    shared_place: StorePlace, postgres: RealPostgres, laid_out: str
) -> None:
    jobs = job_store(shared_place.open(lock_timeout_s=0.05))
    with postgres.connect(laid_out) as other, other.transaction():
        other.execute("LOCK TABLE jobs")
        with pytest.raises(ServiceUnavailable) as caught:
            jobs.create(new_job("a"), key=None)
    assert_told(caught.value, "STORE_BUSY")
    assert jobs.create(new_job("a"), key=None).id == "a"


# Raised by a real server under the codes that it uses itself: https://www.postgresql.org/docs/15/errcodes-appendix.html
@pytest.mark.parametrize(
    ("condition", "reason"),
    [
        ("disk_full", "STORE_FULL"),
        ("out_of_memory", "STORE_FULL"),
        ("deadlock_detected", "STORE_BUSY"),
        ("serialization_failure", "STORE_BUSY"),
        ("too_many_connections", "STORE_BUSY"),
        ("query_canceled", "STORE_BUSY"),
        ("admin_shutdown", "STORE_UNREACHABLE"),
        ("cannot_connect_now", "STORE_UNREACHABLE"),
        ("read_only_sql_transaction", "STORE_UNREACHABLE"),
    ],
)
def test_what_postgresql_cannot_do_for_now_is_told_with_its_reason(
    shared_place: StorePlace, condition: str, reason: str
) -> None:
    database = shared_place.open()
    with pytest.raises(TopoDesignError) as caught, database.writing() as connection:
        connection.exec_driver_sql(f"DO $$ BEGIN RAISE {condition}; END $$")
    assert_told(caught.value, reason)


def test_a_connection_that_is_cut_is_told_and_replaced(shared_place: StorePlace) -> None:
    database, other = shared_place.open(), shared_place.open()
    with pytest.raises(ServiceUnavailable) as caught, database.writing() as connection:
        backend = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar()
        with other.writing() as killer:
            killer.exec_driver_sql(f"SELECT pg_terminate_backend({backend}, 60000)")
        connection.exec_driver_sql("SELECT 1")
    assert_told(caught.value, "STORE_UNREACHABLE")
    assert job_store(database).create(new_job("a"), key=None).id == "a"


def test_a_server_that_stops_in_the_middle_of_a_transaction_holds_nothing_up(shared_place: StorePlace) -> None:
    stopped, other = shared_place.open(lock_timeout_s=0.1), shared_place.open()
    jobs, attempts = job_store(other), attempt_store(other)
    jobs.create(new_job("a"), key=None)
    with pytest.raises(ServiceUnavailable) as caught, stopped.writing() as connection:
        connection.exec_driver_sql("SELECT 1 FROM jobs FOR UPDATE")
        assert attempts.claim() is None  # another has it
        jobs.request_cancel(TENANT, "a")  # waits for the lock, which the database takes from who does nothing with it
        connection.exec_driver_sql("SELECT 1")
    assert_told(caught.value, "STORE_UNREACHABLE")
    assert attempts.claim_cancelled() is not None


def test_a_database_that_is_not_there_is_unreachable(tmp_path: Path) -> None:
    with pytest.raises(ServiceUnavailable) as caught:
        open_database(tmp_path, url=f"postgresql://nobody@/nothing?host={tmp_path}")
    assert_told(caught.value, "STORE_UNREACHABLE")


# Fields of an error: https://www.postgresql.org/docs/15/protocol-error-fields.html. DETAIL shows values of rows, as in
# "Key (id)=(...) already exists." and "Failing row contains (...)."
@pytest.mark.parametrize(
    ("statement", "told"),
    [
        (
            "INSERT INTO settings VALUES (:given, ''), (:given, '')",
            (
                'duplicate key value violates unique constraint "pk_settings"',
                "(SQLSTATE 23505, constraint pk_settings)",
            ),
        ),
        (
            "INSERT INTO settings VALUES (:given, NULL)",
            ('null value in column "value" of relation "settings"', "(SQLSTATE 23502)"),
        ),
        (
            "DO $$ BEGIN RAISE 'told' USING DETAIL = 'of-' || 'tenant-b', HINT = 'of-' || 'tenant-b'; END $$",
            ("told (SQLSTATE P0001)",),
        ),
    ],
    ids=["unique", "not null", "raised"],
)
def test_what_is_printed_of_an_error_says_what_it_is_and_shows_no_row(
    shared_place: StorePlace, statement: str, told: tuple[str, ...]
) -> None:
    given = {"given": "of-tenant-b"} if ":given" in statement else {}
    with pytest.raises(sa.exc.DBAPIError) as caught, shared_place.open().writing() as connection:
        connection.execute(sa.text(statement), given)
    printed = "".join(traceback.format_exception(caught.value))
    for part in told:
        assert part in printed
    assert "of-tenant-b" not in printed


def test_what_is_logged_of_a_store_that_cannot_serve_shows_no_row(shared_place: StorePlace) -> None:
    with structlog.testing.capture_logs() as logged, pytest.raises(CapacityError):  # noqa: SIM117
        with shared_place.open().writing() as connection:
            connection.exec_driver_sql("DO $$ BEGIN RAISE disk_full USING DETAIL = 'of-tenant-b'; END $$")
    (line,) = logged
    assert line["said"] == "disk_full (SQLSTATE 53100)"


def test_a_mistake_of_ours_stays_a_defect(place: StorePlace) -> None:
    database = place.open()
    with pytest.raises(sa.exc.DBAPIError), database.writing() as connection:
        connection.exec_driver_sql("SELECT nothing FROM nowhere")
