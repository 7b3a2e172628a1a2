"""A scenario's fingerprint is taken where it is checked and kept: the plan of a cancelled job needs no decoding."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from served.running_server import RunningServer
from served.small_scenarios import two_sites
from served.store_place import attempt_store, claimed, job_store, new_job
from topodesign_server.cancelled import cancelled_plan
from topodesign_server.database import FILE_NAME, Database
from topodesign_server.scenario_checks import ScenarioContent, canonical_content
from topodesign_server.scenario_store import ScenarioStore
from topodesign_server.tables import DEFAULT_TENANT as TENANT

from topodesign.client import Client
from topodesign.domain.errors import InvalidInput
from topodesign.domain.plan import Plan, PlanEvent, SolveLimits
from topodesign.domain.scenario import Scenario
from topodesign.domain.scenario_sweep import SweepAxis, SweepDefinition
from topodesign.local.tasks import run_here
from topodesign.scenario import load_scenario, scenario_digest
from topodesign.v1 import plan_pb2, scenario_pb2, scenario_service_pb2
from topodesign.wire import from_proto, to_proto

SAMPLES = Path(__file__).parents[2] / "sample_sites"
LIMITS = to_proto(SolveLimits(seed=7, threads=2)).SerializeToString()
PROGRESS = to_proto(PlanEvent(phase="branching", wall_s=3.0, bound_usd=5e6)).SerializeToString()
MADE_UP = "f" * 64
"""No scenario's fingerprint: who tells it has read it, who decodes a scenario tells another."""


def message_of(scenario: Scenario) -> scenario_pb2.Scenario:
    message = to_proto(scenario)
    assert isinstance(message, scenario_pb2.Scenario)
    return message


def decoded(content: bytes) -> Scenario:
    return from_proto(scenario_pb2.Scenario.FromString(content), Scenario)


def cancelled(scenario: bytes, fingerprint: str | None) -> plan_pb2.Plan:
    return cancelled_plan(scenario=scenario, limits=LIMITS, progress=PROGRESS, scenario_sha256=fingerprint)


def files_of(sample: str) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (SAMPLES / sample).iterdir()}


@pytest.fixture(scope="module")
def large() -> Scenario:
    """328 kB on the wire."""
    return load_scenario(SAMPLES / "us-multi-region")


@pytest.mark.parametrize("name", ["two-campus", "regional-nova", "us-multi-region"])
def test_a_cancelled_plan_is_the_same_with_a_kept_fingerprint_as_with_one_of_the_whole_scenario(name: str) -> None:
    read = canonical_content(message_of(load_scenario(SAMPLES / name)))
    told, whole = cancelled(read.content, read.sha256), decoded(read.content)
    assert told == cancelled(read.content, None)
    plan = from_proto(told, Plan)
    assert (plan.scenario_name, plan.attribution) == (whole.name, whole.attribution)
    assert plan.assumptions == whole.assumptions
    assert plan.provenance.scenario_sha256 == scenario_digest(whole)
    assert (plan.status, plan.stopped_by, plan.seed) == ("limit", "cancelled", 7)
    assert (plan.lower_bound_usd, plan.wall_s) == (5e6, 3.0)


def test_of_a_scenario_with_a_kept_fingerprint_only_the_head_is_looked_at() -> None:
    message = message_of(two_sites(assumptions=("one", "two")))
    message.sites[0].zone_id = "none"
    with pytest.raises(InvalidInput, match="zone_id"):
        from_proto(message, Scenario)
    plan = cancelled(message.SerializeToString(), MADE_UP)
    assert (plan.scenario_name, plan.attribution, list(plan.assumptions)) == (
        "two sites",
        "made for a test",
        ["one", "two"],
    )
    assert plan.provenance.scenario_sha256 == MADE_UP


def test_what_a_model_fills_in_counts() -> None:
    message = message_of(two_sites())
    message.workload.CopyFrom(scenario_pb2.Workload(model="deepseek-v3-671b", utilization=0.9, global_batch_tokens=1e7))
    read = canonical_content(message)
    assert decoded(read.content).workload.parameters > 6e11
    assert read.sha256 == scenario_digest(decoded(read.content))


def test_the_fingerprint_of_files_is_that_of_the_plans_made_from_them() -> None:
    """10^20 needs 67 bits: it goes over the wire as a float, 1e+20, which is another text in the fingerprint."""
    files = files_of("two-campus")
    files["sites.geojson"] = files["sites.geojson"].replace(b'"pue"', b'"serial":100000000000000000000,"pue"')
    request = scenario_service_pb2.ScenarioFiles(files=files).SerializeToString()
    read = ScenarioContent.unpacked(run_here("read_files", request))
    whole = decoded(read.content)
    assert whole.sites[0].extra["serial"] == 1e20
    assert read.sha256 == scenario_digest(whole)


def test_kept_scenarios_and_jobs_have_the_fingerprint_that_they_were_made_with(database: Database) -> None:
    scenarios, jobs, attempts = ScenarioStore(database), job_store(database), attempt_store(database)
    for name, fingerprint in (("new", MADE_UP), ("old", None)):
        scenarios.create(TENANT, name, content=b"scenario", summary=b"head", key=None, scenario_sha256=fingerprint)
        assert scenarios.get(TENANT, name).scenario_sha256 == fingerprint
        jobs.create(new_job(name, scenario_sha256=fingerprint), key=None)
    jobs.request_cancel(TENANT, "old")
    waiting = attempts.claim_cancelled()
    assert waiting is not None
    assert (waiting.id, waiting.scenario_sha256) == ("old", None)
    running = claimed(attempts)
    assert (running.id, running.scenario_sha256) == ("new", MADE_UP)


def test_a_waiting_plan_is_cancelled_with_its_kept_fingerprint_however_its_scenario_came(
    tmp_path: Path, large: Scenario
) -> None:
    """Read in the server or in a child, from a message or from files, given or kept by name, for a plan or a sweep."""
    from_files = load_scenario(SAMPLES / "two-campus")
    with RunningServer(tmp_path, workers=0) as server, Client(server.address) as client:
        kept = client.create_scenario(files_of("two-campus"))
        definition = SweepDefinition(axes=(SweepAxis(path="policy.max_sites", values=(1, 2)),))
        client.submit_sweep(two_sites(), definition)
        jobs = [client.submit_plan(source) for source in (two_sites(), large, kept.name)]
        own = [scenario_digest(scenario) for scenario in (two_sites(), large, from_files)]
        with closing(sqlite3.connect(tmp_path / FILE_NAME)) as store:
            rows = store.execute("SELECT scenario_sha256 FROM jobs ORDER BY number").fetchall()
            assert [row[0] for row in rows] == [own[0], *own]
            store.execute("UPDATE jobs SET scenario_sha256 = ? WHERE number = 3", (MADE_UP,))
            # as a job from before fingerprints were kept
            store.execute("UPDATE jobs SET scenario_sha256 = NULL WHERE number = 4")
            store.commit()
        for job in jobs:
            job.cancel()
        plans = [job.result(60) for job in jobs]
        assert [plan.provenance.scenario_sha256 for plan in plans] == [own[0], MADE_UP, own[2]]
        assert plans[1].assumptions == large.assumptions
