"""Every call gives the same result, or error, with a server (synchronous or not) and without one.

The cases are enumerated: a public method of a client or of a job without a case here is a failure.
"""

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import pytest
from served.running_server import RunningServer
from served.small_scenarios import two_sites, wide_grid
from served.ways import Synchronous, Way, ways_to

import topodesign as td
from topodesign.client import AsyncClient, AsyncJob, AsyncSweepJob, Client, Job, SweepJob
from topodesign.domain.codec import to_builtins
from topodesign.domain.errors import InvalidScenario, TopoDesignError
from topodesign.domain.fabric_failures import FailedUnits, FailureSet
from topodesign.domain.plan import SolveLimits
from topodesign.domain.scenario import PowerZone
from topodesign.domain.scenario_sweep import SweepDefinition
from topodesign.local import LocalClient
from topodesign.sweeps.grammar import axis_of

WAIT_S = 120.0
LONG = "workload.sync_time_s=1..200"
"""More points than are solved in a test."""
REQUEST_ID = "6f6f4f0a-2b0b-4f6f-8f5a-0c6a5b1f9d11"
KINDS = ("torus", "clos")
TORUS = td.Torus(shape=(4, 4, 2))
FAILURES = td.FailureSpec(sets=(FailureSet(parts=(FailedUnits(kind="link", count=1),), enumerated=True),))
BLIND_FIGURES = ("created", "updated", "wall_s", "solve_s", "time")
"""What differs from run to run: moments, and times that a clock measured."""


def of(call: Callable[[], object]) -> object:
    """The outcome of a call: its result, or all that its error says."""
    try:
        return plain(call())
    except TopoDesignError as error:
        problems = error.problems if isinstance(error, InvalidScenario) else ()
        told = (error.reason, error.field_path, error.metadata, error.message[:500])  # a status cuts longer texts
        return {"error": plain([type(error).__name__, *told, *problems])}


def plain(value: object) -> object:
    """A result as builtins, without what differs from run to run."""
    return _same_everywhere(to_builtins(value) if not isinstance(value, bytes) else len(value) > 0)


def _same_everywhere(value: object) -> object:
    if isinstance(value, dict):
        return {key: _same_everywhere(item) for key, item in value.items() if key not in BLIND_FIGURES}
    if isinstance(value, list | tuple):
        return [_same_everywhere(item) for item in value]
    if isinstance(value, str):
        return re.sub(r"\b([psw])-[0-9a-f]{32}\b", r"\1-x", value)
    return value


def scenarios(way: Way) -> Mapping[str, object]:
    files = {"scenario.toml": b"nam = 'x'\n", "sites.geojson": b"{}"}
    return {
        "create_scenario": [
            of(lambda: way.call("create_scenario", two_sites(), scenario_id="kept", request_id=REQUEST_ID)),
            of(lambda: way.call("create_scenario", two_sites(), scenario_id="kept", request_id=REQUEST_ID)),
            of(lambda: way.call("create_scenario", two_sites(), scenario_id="other", request_id=REQUEST_ID)),
            of(lambda: way.call("create_scenario", two_sites(), scenario_id="kept")),
            of(lambda: way.call("create_scenario", two_sites(), scenario_id="No Good")),
            of(lambda: way.call("create_scenario", two_sites(), request_id="7")),
            of(lambda: way.call("create_scenario", files)),
            of(lambda: way.call("create_scenario", {"../scenario.toml": b""})),
            of(lambda: way.call("create_scenario", two_sites(name="second"))),
        ],
        "check_scenario": [
            of(lambda: way.call("check_scenario", two_sites())),
            of(lambda: way.call("check_scenario", files)),
            of(lambda: way.call("check_scenario", {"a/b": b""})),
        ],
        "get_scenario": [
            of(lambda: way.call("get_scenario", "scenarios/kept")),
            of(lambda: way.call("get_scenario", "scenarios/nothing")),
            of(lambda: way.call("get_scenario", "plans/kept")),
        ],
        "list_scenarios": [of(lambda: way.call("list_scenarios"))],
        "delete_scenario": [
            of(lambda: way.call("delete_scenario", "scenarios/kept")),
            of(lambda: way.call("delete_scenario", "scenarios/kept")),
        ],
    }


def made_plan(way: Way) -> Mapping[str, object]:
    """One job from its submission to the deletion of its plan."""
    job = way.call("submit_plan", two_sites(), time_limit_s=60, request_id=REQUEST_ID)
    seen: list[object] = []
    result = of(lambda: way.of_job(job, "result", WAIT_S, on_progress=seen.append))
    plan = way.of_job(job, "result")
    other = replace(plan, cost_usd=plan.cost_usd + 1.0)
    again = way.call("submit_plan", two_sites(), time_limit_s=60, request_id=REQUEST_ID)
    return {
        "submit_plan": [
            again.name == job.name,
            of(lambda: way.call("submit_plan", two_sites(), gap=0.5, request_id=REQUEST_ID)),
            of(lambda: way.call("submit_plan", two_sites(), time_limit_s=1e9)),
            of(lambda: way.call("submit_plan", two_sites(), threads=100_000)),
            of(lambda: way.call("submit_plan", "scenarios/nothing")),
            of(lambda: way.call("submit_plan", "plans/nothing")),
            of(lambda: way.call("submit_plan", two_sites(), start="plans/nothing")),
        ],
        "job.result": [result],
        "job.watch": [
            [event.phase for event in way.of_job(job, "watch")] == [event.phase for event in seen],
            of(lambda: way.of_job(job, "watch", after_sequence=10_000)),
            of(lambda: way.of_job(way.call("job", "operations/nothing"), "watch")),
        ],
        "job.status": [
            [of(lambda: way.of_job(job, "status"))],
            of(lambda: way.of_job(way.call("job", "plans/nothing"), "status")),
        ],
        "job.failure": [of(lambda: way.of_job(job, "failure"))],
        "job.scenario": [
            of(lambda: way.of_job(job, "scenario")),
            of(lambda: way.of_job(way.call("job", job.plan_name), "scenario")),
            of(lambda: way.of_job(way.call("job", "plans/nothing"), "scenario")),
        ],
        "job": [way.call("job", job.plan_name).name == job.name, of(lambda: way.call("job", "nothing"))],
        "get_plan": [
            of(lambda: way.call("get_plan", job.plan_name)),
            of(lambda: way.call("get_plan", "plans/nothing")),
            of(lambda: way.call("get_plan", "nothing")),
        ],
        "verify_plan": [
            of(lambda: way.call("verify_plan", job.plan_name)),
            of(lambda: way.call("verify_plan", plan, two_sites())),
            of(lambda: way.call("verify_plan", other, two_sites())),
            of(lambda: way.call("verify_plan", plan)),
            of(lambda: way.call("verify_plan", job.plan_name, two_sites())),
            of(lambda: way.call("verify_plan", "plans/nothing")),
        ],
        "export_plan": [
            way.call("export_plan", job.plan_name, "bom-csv"),
            of(lambda: way.call("export_plan", job.plan_name, "xls")),
            of(lambda: way.call("export_plan", "plans/nothing", "geojson")),
        ],
        "list_plans": [of(lambda: way.call("list_plans"))],
        "delete_plan": [
            of(lambda: way.call("delete_plan", job.plan_name)),
            of(lambda: way.call("delete_plan", job.plan_name)),
            of(lambda: way.call("get_plan", job.plan_name)),
            of(lambda: way.of_job(way.call("job", job.name), "result", WAIT_S)),
        ],
    }


def ended_plans(way: Way) -> Mapping[str, object]:
    """Jobs that end in other ways: cancelled while they wait and while they run, infeasible."""
    zone = PowerZone(zone_id="pjm", headroom_mw=15.0, energy_usd_per_mwh=50.0)
    runs = way.call("submit_plan", wide_grid(), time_limit_s=600, gap=0.0)
    waits = way.call("submit_plan", two_sites(zones=(zone,)), time_limit_s=60)
    late = of(lambda: way.of_job(waits, "result", 0.01))
    too_late = of(lambda: way.of_job(waits, "result", 0.01, on_progress=print))
    way.of_job(waits, "cancel")
    never_began = of(lambda: way.of_job(waits, "result", WAIT_S))
    early = of(lambda: way.call("get_plan", runs.plan_name))
    refused = of(lambda: way.call("delete_plan", runs.plan_name))
    way.of_job(runs, "cancel")
    stopped = way.of_job(runs, "result", WAIT_S)
    infeasible = way.call("submit_plan", two_sites(zones=(zone,)), time_limit_s=60)
    ended = way.of_job(infeasible, "result", WAIT_S)
    return {
        "job.cancel": [
            [stopped.stopped_by, ended.status, plain(ended.infeasibility)],
            *(never_began, late, too_late, refused, early),
            [way.of_job(job, "status").state for job in (runs, waits, infeasible)],
            of(lambda: way.of_job(runs, "cancel")),
            of(lambda: way.of_job(way.call("job", "operations/nothing"), "cancel")),
        ],
        "jobs": [plain([(job.state, job.is_done, job.attempts, job.error) for job in way.call("jobs")])],
    }


def ended_sweep(way: Way) -> Mapping[str, object]:
    """One sweep from its submission to its deletion; the second of its points cannot be."""
    scenario = two_sites()
    definition = sweep_of("policy.max_sites=2,1")
    sweep = way.call("submit_sweep", scenario, definition, request_id=REQUEST_ID)
    seen: list[object] = []
    result = of(lambda: way.of_job(sweep, "result", WAIT_S, on_progress=seen.append))
    again = way.call("submit_sweep", scenario, definition, request_id=REQUEST_ID)
    of_name, none = way.call("sweep", sweep.sweep_name), way.call("sweep", "sweeps/nothing")
    return {
        "submit_sweep": [
            again.name == sweep.name,
            of(lambda: way.call("submit_sweep", scenario, sweep_of("policy.max_sites=3"), request_id=REQUEST_ID)),
            of(lambda: way.call("submit_sweep", scenario, sweep_of("zones.none.headroom_mw=1"))),
            of(lambda: way.call("submit_sweep", scenario, sweep_of("catalog.transceiver.none.cost_usd=1"))),
            of(lambda: way.call("submit_sweep", scenario, sweep_of("policy.max_sites=2", threads=100_000))),
            of(lambda: way.call("submit_sweep", "scenarios/nothing", definition)),
            of(lambda: way.call("submit_sweep", scenario, definition, request_id="7")),
        ],
        "sweep_job.result": [result],
        "sweep_job.watch": [
            plain([event.point for event in way.of_job(sweep, "watch")]) == plain([event.point for event in seen]),
            of(lambda: way.of_job(sweep, "watch", after_sequence=10_000)),
            of(lambda: way.of_job(none, "watch")),
        ],
        "sweep_job.points": [of(lambda: way.of_job(of_name, "points")), of(lambda: way.of_job(none, "points"))],
        "sweep_job.plan": [
            of(lambda: way.of_job(of_name, "plan", 0)),
            *(of(lambda number=number: way.of_job(sweep, "plan", number)) for number in (1, 2, -1)),
        ],
        "sweep_job.scenario": [of(lambda: way.of_job(of_name, "scenario")), of(lambda: way.of_job(none, "scenario"))],
        "sweep_job.definition": [way.of_job(way.call("sweep", sweep.name), "definition") == definition],
        "sweep_job.status": [[of(lambda: way.of_job(sweep, "status"))], of(lambda: way.of_job(none, "status"))],
        "sweep_job.failure": [of(lambda: way.of_job(sweep, "failure"))],
        "sweep": [way.call("sweep", sweep.sweep_name).name == sweep.name, of(lambda: way.call("sweep", "nothing"))],
        "export_sweep": [
            way.call("export_sweep", sweep.sweep_name, "parquet")[:4] == b"PAR1",
            of(lambda: way.call("export_sweep", sweep.sweep_name, "xls")),
            of(lambda: way.call("export_sweep", "sweeps/nothing", "csv")),
        ],
        "list_sweeps": [of(lambda: way.call("list_sweeps"))],
        "delete_sweep": [
            of(lambda: way.call("delete_sweep", sweep.sweep_name)),
            of(lambda: way.call("delete_sweep", sweep.sweep_name)),
            of(lambda: way.of_job(sweep, "points")),
            of(lambda: way.of_job(way.call("sweep", sweep.name), "result", WAIT_S)),
            of(lambda: way.call("get_plan", sweep.sweep_name.replace("sweeps", "plans"))),
        ],
    }


def cancelled_sweeps(way: Way) -> Mapping[str, object]:
    """Sweeps that are cancelled while they run and while they wait."""
    runs = way.call("submit_sweep", two_sites(), sweep_of(LONG))
    waits = way.call("submit_sweep", two_sites(), sweep_of("policy.max_sites=2"))
    late = of(lambda: way.of_job(waits, "result", 0.01))
    refused = of(lambda: way.call("delete_sweep", runs.sweep_name))
    way.of_job(waits, "cancel")
    never_began = of(lambda: way.of_job(waits, "result", WAIT_S))
    way.of_job(runs, "cancel")
    stopped = way.of_job(runs, "result", WAIT_S)
    return {
        "sweep_job.cancel": [
            [stopped.is_complete, len(stopped.results) < stopped.definition.count],
            *(late, refused, never_began),
            [way.of_job(job, "status").state for job in (runs, waits)],
            of(lambda: way.of_job(runs, "cancel")),
            of(lambda: way.of_job(way.call("sweep", "operations/nothing"), "cancel")),
        ],
    }


def sweep_of(axis: str, *, threads: int = 1) -> SweepDefinition:
    return SweepDefinition(axes=(axis_of(axis),), limits=SolveLimits(gap=0.0, threads=threads))


def computed(way: Way) -> Mapping[str, object]:
    sizes = {"kinds": KINDS, "accelerators": 64}
    goodput = {"blocks": 4, "hosts_per_block": 16, "slice_blocks": 2, "host_availability": 0.999}
    model = td.training_models()[0].id
    return {
        "evaluate_fabric": [
            of(lambda: way.call("evaluate_fabric", TORUS)),
            of(lambda: way.call("evaluate_fabric", TORUS, bill=td.BillOptions())),
            of(lambda: way.call("evaluate_fabric", TORUS, message_bytes=-1.0)),
        ],
        "failure_report": [of(lambda: way.call("failure_report", TORUS, FAILURES))],
        "price_fabric": [of(lambda: way.call("price_fabric", TORUS))],
        "compare_fabrics": [
            of(lambda: way.call("compare_fabrics", [TORUS, td.Torus(shape=(4, 4))])),
            of(lambda: way.call("compare_fabrics", [])),
        ],
        "compare_at_equal_size": [
            of(lambda: way.call("compare_at_equal_size", **sizes)),
            of(lambda: way.call("compare_at_equal_size", ("toruss",), accelerators=64)),
        ],
        "compare_at_equal_cost": [of(lambda: way.call("compare_at_equal_cost", **sizes))],
        "fabrics_for_budget": [of(lambda: way.call("fabrics_for_budget", KINDS, budget_usd=1e5))],
        "slice_goodput": [
            of(lambda: way.call("slice_goodput", **goodput)),
            of(lambda: way.call("slice_goodput", **{**goodput, "slice_blocks": 9})),
        ],
        "design_link": [
            of(lambda: way.call("design_link", 500.0)),
            of(lambda: way.call("design_link", -1.0)),
            of(lambda: way.call("design_link", 80.0, fiber="glass")),
        ],
        "list_modes": [of(lambda: way.call("list_modes")), of(lambda: way.call("list_modes", rate_gbps=-1.0))],
        "estimate_training": [
            of(lambda: way.call("estimate_training", parameters=1e12, step_s=10.0, sites=3, gbps=1e4)),
            of(lambda: way.call("estimate_training", parameters=1e12, step_s=10.0, sites=0)),
            of(lambda: way.call("estimate_training", parameter=1e12)),
        ],
        "estimate_goodput": [
            of(lambda: way.call("estimate_goodput", write_s=60.0, restart_s=600.0, accelerators=1000)),
            of(
                lambda: way.call(
                    "estimate_goodput", write_s=60.0, restart_s=600.0, accelerator="nothing", accelerators=9
                )
            ),
        ],
        "plan_sharding": [
            of(lambda: way.call("plan_sharding", model, "gb300-nvl72", pods={"a": 8, "b": 8}, pod_accelerators=4608)),
            of(lambda: way.call("plan_sharding", "nothing", "gb300-nvl72", pods={"a": 1}, pod_accelerators=8)),
        ],
        "training_models": [of(lambda: way.call("training_models"))],
        "list_accelerators": [of(lambda: way.call("list_accelerators"))],
        "list_equipment": [
            of(lambda: way.call("list_equipment")),
            of(lambda: way.call("list_equipment", kind="nothing")),
        ],
    }


STORIES = (scenarios, made_plan, ended_plans, computed, ended_sweep, cancelled_sweeps)


def public_methods(kind: type) -> set[str]:
    return {
        name for name, member in inspect.getmembers(kind) if not name.startswith("_") and inspect.isfunction(member)
    }


CLIENT_METHODS = sorted(public_methods(Client) - {"close"})
JOB_METHODS = sorted(public_methods(Job))
SWEEP_METHODS = sorted(public_methods(SweepJob))
EVERY_METHOD = [
    *CLIENT_METHODS,
    *(f"job.{name}" for name in JOB_METHODS),
    *(f"sweep_job.{name}" for name in SWEEP_METHODS),
]


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, dict[str, object]]]:
    """What every way answers to the same calls in the same order, each beginning with nothing kept."""
    found: dict[str, dict[str, object]] = {}
    with Synchronous(LocalClient()) as way:
        found["local"] = {name: outcome for story in STORIES for name, outcome in story(way).items()}
    for name in ("sync", "async"):
        with RunningServer(tmp_path_factory.mktemp(name)) as server, ways_to(server.address)[name] as way:
            found[name] = {name: outcome for story in STORIES for name, outcome in story(way).items()}
    yield found


@pytest.mark.parametrize("method", EVERY_METHOD)
def test_a_call_has_the_same_outcome_with_and_without_a_server(
    method: str, outcomes: dict[str, dict[str, object]]
) -> None:
    assert outcomes["local"][method] == outcomes["sync"][method]


@pytest.mark.parametrize("method", EVERY_METHOD)
def test_a_call_has_the_same_outcome_of_both_clients(method: str, outcomes: dict[str, dict[str, object]]) -> None:
    assert outcomes["async"][method] == outcomes["sync"][method]


def test_the_first_case_of_every_call_succeeds(outcomes: dict[str, dict[str, object]]) -> None:
    for cases in outcomes["sync"].values():
        assert isinstance(cases, list)
        assert not (isinstance(cases[0], dict) and "error" in cases[0]), cases[0]


def test_all_clients_have_the_same_methods_with_the_same_parameters_and_words() -> None:
    for one, other in ((Client, AsyncClient), (Client, LocalClient), (Job, AsyncJob), (SweepJob, AsyncSweepJob)):
        assert public_methods(one) == public_methods(other)
        for name in public_methods(one):
            first, second = getattr(one, name), getattr(other, name)
            assert [str(item) for item in inspect.signature(first).parameters.values()] == [
                str(item) for item in inspect.signature(second).parameters.values()
            ]
            assert first.__doc__
            assert second.__doc__


def test_what_a_call_returns_is_told_by_its_signature() -> None:
    for kind in (Client, LocalClient):
        assert inspect.signature(kind.get_plan).return_annotation is td.Plan
        assert inspect.signature(kind.submit_plan).return_annotation is Job
    assert inspect.signature(AsyncClient.submit_plan).return_annotation is AsyncJob
    assert inspect.iscoroutinefunction(AsyncClient.get_plan)
    assert not inspect.iscoroutinefunction(Client.get_plan)
