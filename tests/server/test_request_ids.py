"""One request, one resource: also when many come at once, through several servers."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from served.store_place import StorePlace, job_store, new_job
from topodesign_server.names import RequestKey
from topodesign_server.scenario_store import ScenarioStore
from topodesign_server.tables import DEFAULT_TENANT as TENANT

from topodesign.domain.errors import CapacityError, InvalidInput

KEY = RequestKey(tenant=TENANT, method="CreatePlan", request_id="3d5c6a0e-6c7f-4b3e-9d5b-5a3e8f0b7c11", digest=b"one")


def test_racing_creates_through_two_servers_make_one_job(shared_place: StorePlace) -> None:
    stores = [job_store(shared_place.open()) for _ in range(2)]
    with ThreadPoolExecutor(32) as threads:
        made = list(threads.map(lambda n: stores[n % 2].create(new_job(f"try-{n}"), key=KEY), range(32)))
    assert len({job.id for job in made}) == 1
    assert len({job.number for job in made}) == 1
    assert len(stores[0].positions(range(1, made[0].number + 40))) == 1


def test_racing_creates_of_a_scenario_keep_one(shared_place: StorePlace) -> None:
    stores = [ScenarioStore(shared_place.open()) for _ in range(2)]

    def create(number: int) -> str:
        return stores[number % 2].create(TENANT, f"try-{number}", content=b"content", summary=b"", key=KEY).id

    with ThreadPoolExecutor(16) as threads:
        assert len(set(threads.map(create, range(16)))) == 1


def test_a_request_is_recognized_after_a_restart(place: StorePlace) -> None:
    first = job_store(place.open()).create(new_job("a"), key=KEY)
    place.close()
    jobs = job_store(place.open())
    assert jobs.create(new_job("b"), key=KEY) == first
    assert jobs.repeated(KEY) == first
    other = replace(KEY, digest=b"two")
    for ask in (lambda: jobs.create(new_job("c"), key=other), lambda: jobs.repeated(other)):
        with pytest.raises(InvalidInput) as caught:
            ask()
        assert caught.value.reason == "REQUEST_ID_REUSED"


def test_a_request_that_was_refused_is_not_remembered(place: StorePlace) -> None:
    jobs = job_store(place.open(), queue_limit=0)
    with pytest.raises(CapacityError):
        jobs.create(new_job("a"), key=KEY)
    place.close()
    assert job_store(place.open()).create(new_job("b"), key=KEY).id == "b"


def test_the_same_request_id_of_another_method_is_another_request(place: StorePlace) -> None:
    database = place.open()
    job_store(database).create(new_job("a"), key=KEY)
    other = replace(KEY, method="CreateScenario", digest=b"two")
    assert ScenarioStore(database).create(TENANT, "s", content=b"", summary=b"", key=other).id == "s"
