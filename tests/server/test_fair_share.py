"""Whose job is next: the store against a model of fair share, and what fair share is for."""

import os
from dataclasses import dataclass, field

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from served.store_place import StorePlace, attempt_store, claimed, job_store, new_job
from topodesign_server.database import Database
from topodesign_server.fair_share import Turns, WaitingTenant
from topodesign_server.job_rows import ClaimedJob, NewSweep
from topodesign_server.tables import metadata

TENANTS = ("a", "b", "c")
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("submit"), st.sampled_from(TENANTS)),
        st.tuples(st.just("start"), st.just("")),
        st.tuples(st.just("finish"), st.sampled_from(TENANTS)),
    ),
    max_size=25,
)
EXAMPLES = 200 if os.environ.get("TOPODESIGN_NEW_EXAMPLES") else 25


@dataclass
class Model:
    """Queues, what runs, and who had a turn, the latest last."""

    waiting: dict[str, list[str]] = field(default_factory=lambda: {name: [] for name in TENANTS})
    running: dict[str, list[ClaimedJob]] = field(default_factory=lambda: {name: [] for name in TENANTS})
    had_turns: list[str] = field(default_factory=list)
    arrivals: list[str] = field(default_factory=list)

    def next(self) -> str | None:
        """Eliminates tenants one rule after the other, where the store sorts by all of them."""
        left = [name for name in TENANTS if self.waiting[name]]
        # who neither waited nor ran when somebody was chosen is as new afterwards
        self.had_turns = [name for name in self.had_turns if self.waiting[name] or self.running[name]]
        if not left:
            return None
        fewest = min(len(self.running[name]) for name in left)
        left = [name for name in left if len(self.running[name]) == fewest]
        without = [name for name in left if name not in self.had_turns]
        if without:
            return min((self.waiting[name][0] for name in without), key=self.arrivals.index)
        last = {name: len(self.had_turns) - self.had_turns[::-1].index(name) for name in left}
        return self.waiting[min(left, key=lambda name: last[name])][0]


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_the_store_starts_the_job_that_the_model_names(file_place: StorePlace, steps: list[tuple[str, str]]) -> None:
    database = file_place.open()
    with database.writing() as connection:
        for table in reversed(metadata.sorted_tables):
            if table.name != "settings":
                connection.execute(table.delete())
    jobs, store, model = job_store(database, queue_limit=1000), attempt_store(database), Model()
    for step, tenant in steps:
        if step == "submit":
            name = f"job-{len(model.arrivals)}"
            jobs.create(new_job(name, tenant=tenant), key=None)
            model.arrivals.append(name)
            model.waiting[tenant].append(name)
        elif step == "start":
            expected, job = model.next(), store.claim()
            assert (None if job is None else job.id) == expected
            if job is not None:
                model.waiting[job.tenant].remove(job.id)
                model.running[job.tenant].append(job)
                model.had_turns.append(job.tenant)
        elif model.running[tenant]:
            assert store.fail(model.running[tenant].pop(0), status=b"done")
    file_place.close()


def test_a_thousand_jobs_of_one_tenant_do_not_delay_the_first_of_another(database: Database) -> None:
    jobs, store = job_store(database, queue_limit=100), attempt_store(database)
    for number in range(20):  # as good as a thousand: the second start is what counts
        jobs.create(new_job(f"many-{number}", tenant="a"), key=None)
    first = claimed(store)
    jobs.create(new_job("single", tenant="b"), key=None)
    assert store.fail(first, status=b"done")  # one worker: nothing else runs when it looks for more
    assert claimed(store).id == "single"
    assert claimed(store).id == "many-1"


@given(
    st.dictionaries(st.text("abcdefgh", min_size=1, max_size=2), st.integers(1, 20), min_size=1, max_size=8),
    st.integers(0, 5),
)
def test_equal_workers_are_shared_equally_while_all_wait(counts: dict[str, int], seed: int) -> None:
    """With one job at a time, starts of two tenants that both still wait never differ by more than one."""
    turns, left, started = Turns(), dict(counts), dict.fromkeys(counts, 0)
    order = sorted(counts, key=lambda name: (hash((len(name), seed)), name))
    while any(left.values()):
        waiting = [WaitingTenant(tenant=name, running=0, first=order.index(name)) for name in order if left[name] > 0]
        chosen = turns.in_order(waiting)[0].tenant
        turns.take(chosen)
        left[chosen] -= 1
        started[chosen] += 1
        among = [started[name] for name in counts if left[name] > 0]
        assert not among or max(among) - min(among) <= 1


def test_another_server_sees_what_runs_on_the_first(shared_place: StorePlace) -> None:
    jobs = job_store(shared_place.open(), queue_limit=100)
    one, two = attempt_store(shared_place.open(), owner="one"), attempt_store(shared_place.open(), owner="two")
    for tenant, name in (("a", "a1"), ("a", "a2"), ("b", "b1")):
        jobs.create(new_job(name, tenant=tenant), key=None)
    assert [claimed(one).id, claimed(two).id, claimed(two).id] == ["a1", "b1", "a2"]


def test_a_sweep_gives_way_to_whoever_comes_before_it_and_to_nobody_else(database: Database) -> None:
    jobs, store = job_store(database, queue_limit=100), attempt_store(database)
    jobs.create(new_job("sweep", tenant="a", sweep=NewSweep(definition=b"d", progress=b"")), key=None)
    sweep = claimed(store)
    assert not store.is_anothers_turn(sweep)  # nobody waits
    jobs.create(new_job("plan", tenant="b"), key=None)
    assert store.is_anothers_turn(sweep)
    assert store.give_back(sweep)
    plan = claimed(store)
    assert plan.id == "plan"
    again = claimed(store)
    assert (again.id, again.attempt_count) == ("sweep", 1)  # its end on purpose did not count
    jobs.create(new_job("second plan", tenant="b"), key=None)
    assert not store.is_anothers_turn(again)  # b has a worker already, and a would have none
    assert store.fail(plan, status=b"done")
    assert store.is_anothers_turn(again)


def test_within_a_tenant_plans_and_the_points_of_a_sweep_take_turns(database: Database) -> None:
    jobs, store = job_store(database, queue_limit=100), attempt_store(database)
    jobs.create(new_job("sweep", sweep=NewSweep(definition=b"d", progress=b"")), key=None)
    for name in ("one", "two"):
        jobs.create(new_job(name), key=None)
    seen = []
    for _ in range(4):
        job = claimed(store)
        seen.append(job.id)
        assert store.give_back(job) if job.kind == "sweep" else store.fail(job, status=b"done")
    assert seen == ["sweep", "one", "sweep", "two"]
