"""Bounds of the queue, and what those hear who come beyond them."""

import pytest
import sqlalchemy as sa
from google.rpc.error_details_pb2 import RetryInfo
from served.store_place import attempt_store, claimed, job_store, new_job
from topodesign_server.database import Database
from topodesign_server.queue_room import QueueLimits
from topodesign_server.tables import attempts

from topodesign.domain.errors import CapacityError
from topodesign.wire import status_from_error


def test_a_tenant_that_fills_its_part_leaves_room_for_others(database: Database) -> None:
    jobs, limits = job_store(database, queue_limit=3, tenant_queue_limit=2), QueueLimits(total=3, of_tenant=2)
    for number in range(2):
        jobs.create(new_job(f"a-{number}", tenant="a"), key=None)
    with pytest.raises(CapacityError, match="2 jobs of yours wait, and at most 2 may") as caught:
        jobs.create(new_job("a-2", tenant="a"), key=None)
    assert caught.value.reason == "TENANT_QUEUE_FULL"
    with pytest.raises(CapacityError):
        jobs.look_at_queue().require_room("a", limits)
    jobs.look_at_queue().require_room("b", limits)
    jobs.create(new_job("b-0", tenant="b"), key=None)
    with pytest.raises(CapacityError, match="3 jobs wait") as caught:
        jobs.create(new_job("c-0", tenant="c"), key=None)
    assert caught.value.reason == "QUEUE_FULL"


def test_who_is_refused_hears_when_a_place_is_likely_to_be_free(database: Database) -> None:
    jobs, store = job_store(database, queue_limit=1000, tenant_queue_limit=1), attempt_store(database)
    for number in range(4):
        jobs.create(new_job(f"done-{number}", tenant=f"t{number}"), key=None)
        assert store.fail(claimed(store), status=b"done")
    with database.writing() as connection:  # they took 30, 40, 50 and 60 s: 45 s on average
        for number, took_s in enumerate((30.0, 40.0, 50.0, 60.0)):
            one = (
                attempts.c.job
                == sa.select(attempts.c.job).order_by(attempts.c.job).offset(number).limit(1).scalar_subquery()
            )
            connection.execute(attempts.update().where(one).values(start_time=0.0, end_time=took_s))
    for name in ("x", "y"):
        jobs.create(new_job(f"running-{name}", tenant=name), key=None)
        claimed(store)
    for name in ("x", "y", "z"):
        jobs.create(new_job(f"waiting-{name}", tenant=name), key=None)
    with pytest.raises(CapacityError) as caught:
        jobs.create(new_job("more", tenant="x"), key=None)
    # two run at a time, so one starts every 22.5 s; three tenants wait, so x has a turn in 67.5 s
    assert caught.value.retry_after_s == pytest.approx(67.5)
    retry = RetryInfo()
    assert any(detail.Unpack(retry) for detail in status_from_error(caught.value).details)
    assert retry.retry_delay.ToMilliseconds() == 67_500
