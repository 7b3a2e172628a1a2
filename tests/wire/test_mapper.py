"""Domain objects survive the wire, and the two vocabularies cannot drift apart."""

import inspect
import types
from dataclasses import MISSING, Field, fields, is_dataclass, replace
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pytest
from google.api import field_behavior_pb2
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from wire.wire_strategies import instances

from topodesign.catalog import load_catalog
from topodesign.domain import (
    availability,
    fabric,
    fabric_bill,
    fabric_comparison,
    fabric_conditions,
    fabric_failures,
    fabric_kinds,
    fabric_switched,
    fiber,
    link,
    places,
    plan,
    progress,
    rules,
    scenario,
    training_report,
    workload,
)
from topodesign.domain.equipment import KIND_OF, Origin
from topodesign.domain.errors import InvalidInput, InvalidScenario, Problem
from topodesign.domain.fabric import SPEC_OF_KIND
from topodesign.domain.fabric_failures import SliceGoodputRequest
from topodesign.domain.goodput import (
    Checkpointing,
    ElasticGoodput,
    FailingParts,
    Goodput,
    InterruptionShare,
    JobSite,
    Rejoining,
    SimulatedGoodput,
)
from topodesign.domain.goodput_request import GoodputEstimate, GoodputRequest, IntervalGoodput
from topodesign.domain.link import LinkRequest
from topodesign.domain.plan import Plan, SolveLimits, Sync
from topodesign.domain.scenario import FiberSegment, Policy, PowerZone, Scenario, Site, Size, Workload
from topodesign.domain.scenario_sweep import PointFigures, PointResult, SweepCounts, SweepEvent
from topodesign.domain.training import JobSize, PipelineShape, TrainingEstimate, TrainingRequest
from topodesign.domain.training_model import ShardedDimension, ShardingPlan, TrainingModel
from topodesign.v1 import (
    catalog_pb2,
    fabric_bill_pb2,
    fabric_comparison_pb2,
    fabric_conditions_pb2,
    fabric_failures_pb2,
    fabric_kinds_pb2,
    fabric_pb2,
    optics_pb2,
    optics_service_pb2,
    plan_pb2,
    plan_training_pb2,
    scenario_pb2,
    sweep_pb2,
    training_goodput_pb2,
    training_pb2,
    training_service_pb2,
)
from topodesign.wire import (
    equipment_from_proto,
    equipment_to_proto,
    fabric_from_proto,
    fabric_to_proto,
    from_proto,
    message_type,
    options_from_proto,
    options_to_proto,
    to_proto,
)
from topodesign.wire.values import enum_name, without_none

FABRICS = (
    fabric,
    fabric_kinds,
    fabric_switched,
    fabric_conditions,
    fabric_failures,
    fabric_bill,
    fabric_comparison,
)
FABRIC_MESSAGES = (
    fabric_pb2,
    fabric_kinds_pb2,
    fabric_conditions_pb2,
    fabric_failures_pb2,
    fabric_bill_pb2,
    fabric_comparison_pb2,
)
WIRE_ONLY_MESSAGES = {
    *("Scalar", "Position", "Ring", "Polygon", "CatalogFigures", "FabricSpec", "Equipment"),
    *("SweepDefinition", "AxisValue", "AxisWords"),  # axes are text there; see topodesign.sweeps.messages
}
TRAINING = (
    *(PipelineShape, TrainingEstimate, TrainingModel, ShardedDimension, ShardingPlan),
    *(FailingParts, InterruptionShare, Goodput, JobSite, Rejoining, Checkpointing, ElasticGoodput, SimulatedGoodput),
    *(IntervalGoodput, GoodputEstimate, GoodputRequest),
)
OF_A_JOB = (TrainingRequest, JobSize)


SWEEPS = (PointFigures, PointResult, SweepCounts, SweepEvent)


def domain_dataclasses() -> list[type]:
    found = [
        member
        for module in (
            *(places, fiber, workload, rules, scenario, *FABRICS),
            *(link, plan, progress, availability, training_report),
        )
        for _, member in inspect.getmembers(module, inspect.isclass)
        if is_dataclass(member) and member.__module__ == module.__name__
    ]
    return [*found, SolveLimits, Problem, Origin, *KIND_OF, *TRAINING, *SWEEPS]


def carried(kind: type) -> list[Field[Any]]:
    """The fields that the wire has; transient ones live in memory only."""
    return [item for item in fields(kind) if "transient" not in item.metadata]


def is_optional(hint: Any) -> bool:
    return isinstance(hint, types.UnionType) and type(None) in get_args(hint)


@pytest.mark.parametrize("kind", domain_dataclasses(), ids=lambda kind: kind.__name__)
def test_every_domain_field_has_a_message_field_and_the_other_way_round(kind: type) -> None:
    assert {item.name for item in carried(kind)} == set(message_type(kind).DESCRIPTOR.fields_by_name)


def test_every_message_has_a_domain_dataclass() -> None:
    messages = {
        name
        for module in (
            *(scenario_pb2, *FABRIC_MESSAGES, optics_pb2, plan_pb2, plan_training_pb2),
            *(catalog_pb2, training_pb2, training_goodput_pb2, sweep_pb2),
        )
        for name in module.DESCRIPTOR.message_types_by_name
    }
    # links and goodputs are asked for by the messages of their methods, which services name after these
    asked_by_method = {LinkRequest.__name__, SliceGoodputRequest.__name__, GoodputRequest.__name__}
    asked = {kind.__name__ for kind in domain_dataclasses()} - asked_by_method
    assert messages - WIRE_ONLY_MESSAGES == asked


@pytest.mark.parametrize("kind", domain_dataclasses(), ids=lambda kind: kind.__name__)
def test_exactly_the_fields_without_a_default_are_marked_required(kind: type) -> None:
    hints = get_type_hints(kind)
    needed = {
        item.name
        for item in carried(kind)
        if item.default is MISSING and item.default_factory is MISSING and not is_optional(hints[item.name])
    }
    marked = {
        field.name
        for field in message_type(kind).DESCRIPTOR.fields
        if field_behavior_pb2.REQUIRED in field.GetOptions().Extensions[field_behavior_pb2.field_behavior]
    }
    # An empty list is how worst_pair says "none", so a field may be optional to the domain and a list on the wire.
    assert marked == needed


@pytest.mark.parametrize("kind", domain_dataclasses(), ids=lambda kind: kind.__name__)
def test_every_literal_has_its_enum_value_and_no_enum_value_is_left_over(kind: type) -> None:
    hints = get_type_hints(kind)
    for name in [item.name for item in carried(kind)]:
        bare, _ = without_none(hints[name])
        bare = get_args(bare)[0] if get_origin(bare) is tuple else bare
        if get_origin(bare) is Literal:
            enum = message_type(kind).DESCRIPTOR.fields_by_name[name].enum_type
            expected = {enum_name(literal, enum) for literal in get_args(bare)}
            assert expected == {value.name for value in enum.values if value.number != 0}


@pytest.mark.parametrize("kind", domain_dataclasses(), ids=lambda kind: kind.__name__)
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_what_is_sent_arrives(kind: type, data: st.DataObject) -> None:
    value = data.draw(instances(kind))
    message = message_type(kind).FromString(to_proto(value).SerializeToString())
    assert from_proto(message, kind) == value


def test_all_equipment_of_the_catalogue_arrives_with_its_origins() -> None:
    members = set(catalog_pb2.Equipment.DESCRIPTOR.fields_by_name)
    assert members == set(KIND_OF.values())
    for item in load_catalog().equipment():
        assert equipment_from_proto(equipment_to_proto(item)) == item


def test_a_training_estimate_is_asked_for_by_every_field_of_a_request_and_of_a_jobs_size() -> None:
    asked = {item.name for kind in OF_A_JOB for item in fields(kind)}
    assert set(training_service_pb2.EstimateTrainingRequest.DESCRIPTOR.fields_by_name) == asked


def test_options_that_are_not_given_are_not_sent() -> None:
    given = {"sites": 2, "method": "diloco", "rtt_ms": 0.0, "count_attention": False}
    message = options_to_proto(given, training_service_pb2.EstimateTrainingRequest, OF_A_JOB)
    assert {field.name for field, _ in message.ListFields()} == set(given)
    assert options_from_proto(message, OF_A_JOB) == given


@pytest.mark.parametrize(
    ("value", "limit"), [(2.5, "a whole number"), (float("nan"), "a finite number"), ("2", "a finite number")]
)
def test_a_count_that_is_none_is_refused_as_the_domain_refuses_it(value: Any, limit: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        options_to_proto({"sites": value}, training_service_pb2.EstimateTrainingRequest, OF_A_JOB)
    assert (caught.value.field_path, caught.value.metadata["limit"]) == ("sites", limit)


def test_a_count_written_as_a_float_is_sent_as_that_count() -> None:
    message = options_to_proto({"sites": 2.0}, training_service_pb2.EstimateTrainingRequest, OF_A_JOB)
    assert message.sites == 2


@pytest.mark.parametrize(
    ("fields", "path", "reason"),
    [
        ({}, "length_km", "FIELD_REQUIRED"),
        ({"length_km": 0.0}, "length_km", "FIELD_INVALID"),
        ({"length_km": float("nan")}, "length_km", "FIELD_INVALID"),
        ({"length_km": 160.0, "spans_km": [80.0, -80.0]}, "spans_km", "FIELD_INVALID"),
        ({"length_km": 80.0, "channels": 0}, "channels", "FIELD_INVALID"),
        ({"length_km": 80.0, "launch_dbm": float("inf")}, "launch_dbm", "FIELD_INVALID"),
        ({"length_km": 80.0, "fiber": ""}, "fiber", "FIELD_INVALID"),
    ],
)
def test_a_fault_of_a_link_has_the_path_of_the_requests_own_field(fields: Any, path: str, reason: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        from_proto(optics_service_pb2.DesignLinkRequest(**fields), LinkRequest)
    assert (caught.value.field_path, caught.value.reason) == (path, reason)
    assert caught.value.message.startswith(f"{path} is ")


def test_a_link_of_a_length_only_takes_the_defaults_of_the_domain() -> None:
    message = optics_service_pb2.DesignLinkRequest(length_km=80)
    assert from_proto(message, LinkRequest) == LinkRequest(length_km=80)


@pytest.mark.parametrize("kind", SPEC_OF_KIND)
@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_fabrics_of_every_kind_arrive(kind: str, data: st.DataObject) -> None:
    spec = data.draw(instances(SPEC_OF_KIND[kind]))
    assert spec.kind == kind
    message = fabric_pb2.FabricSpec.FromString(fabric_to_proto(spec).SerializeToString())
    assert fabric_from_proto(message) == spec


def test_every_member_of_a_fabric_is_a_kind() -> None:
    members = fabric_pb2.FabricSpec.DESCRIPTOR.fields_by_name
    assert {name.replace("_", "-") for name in members} == set(SPEC_OF_KIND)


def test_a_fabric_without_a_kind_is_an_error() -> None:
    with pytest.raises(InvalidInput, match="fabric is missing"):
        fabric_from_proto(fabric_pb2.FabricSpec())


def tiny() -> Scenario:
    return Scenario(
        name="tiny",
        sites=(
            Site(site_id="a", lon=0, lat=0, zone_id="z", power_mw=10),
            Site(site_id="b", lon=1, lat=0, zone_id="z", power_mw=10),
        ),
        zones=(PowerZone(zone_id="z", headroom_mw=30),),
        segments=(FiberSegment(segment_id="s", a="a", b="b", length_km=100),),
        workload=Workload(sync_time_s=1.0),
        size=Size(power_mw=5),
    )


def test_absent_fields_take_the_defaults_of_the_domain() -> None:
    message = scenario_pb2.Site(site_id="a", lon=0.0, lat=0.0, zone_id="z", power_mw=1.0)
    assert from_proto(message, Site) == Site(site_id="a", lon=0.0, lat=0.0, zone_id="z", power_mw=1.0)
    assert from_proto(plan_pb2.SolveLimits(), SolveLimits) == SolveLimits()


def test_a_zero_that_was_sent_is_not_mistaken_for_an_absent_field() -> None:
    message = plan_pb2.SolveLimits(gap=0.0, seed=0)
    assert from_proto(message, SolveLimits).gap == 0.0


def test_surviving_nothing_is_not_mistaken_for_the_default() -> None:
    message = to_proto(Policy(survive=()))
    assert from_proto(message, Policy).survive == ("none",)


def test_infinite_limits_stay_infinite() -> None:
    assert from_proto(to_proto(Policy()), Policy).max_rtt_ms == float("inf")


def test_unbounded_strength_is_absent_and_not_zero() -> None:
    sync = Sync(demand_gbps=1.0, strength_gbps=None, worst_failure=None, worst_strength_gbps=None, time_s=None)
    message = to_proto(sync)
    assert not message.HasField("strength_gbps")
    assert from_proto(message, Sync) == sync


def test_whole_numbers_true_false_and_nothing_keep_their_type_in_extra_columns() -> None:
    extra = {"text": "x", "whole": 3, "broken": 3.0, "truth": True, "nothing": None}
    site = Site(site_id="a", lon=0, lat=0, zone_id="z", power_mw=1, extra=extra)
    back = from_proto(to_proto(site), Site).extra
    assert {key: (type(value), value) for key, value in back.items()} == {
        key: (type(value), value) for key, value in extra.items()
    }


def test_every_fault_of_a_scenario_is_reported_with_its_path() -> None:
    message = to_proto(tiny())
    assert isinstance(message, scenario_pb2.Scenario)
    message.sites[0].power_mw = -1
    message.sites[1].ClearField("lat")
    message.segments[0].length_km = float("nan")
    message.workload.ClearField("sync_time_s")
    message.segments[0].fiber_type = 99  # type: ignore[assignment]
    with pytest.raises(InvalidScenario) as caught:
        from_proto(message, Scenario, path="scenario")
    assert {(problem.field, problem.reason) for problem in caught.value.problems} == {
        ("scenario.sites[0].power_mw", "FIELD_INVALID"),
        ("scenario.sites[1].lat", "FIELD_REQUIRED"),
        ("scenario.segments[0].fiber_type", "ENUM_UNKNOWN"),
        ("scenario.workload.sync_time_s", "FIELD_INVALID"),
    }


def test_a_fault_between_rows_names_the_row_as_it_was_sent_not_as_it_was_sorted() -> None:
    message = to_proto(tiny())
    assert isinstance(message, scenario_pb2.Scenario)
    first, second = message.sites[0], message.sites[1]
    first.site_id, second.site_id = "b", "a"
    first.zone_id = "nowhere"  # sent first, sorted last
    with pytest.raises(InvalidInput) as caught:
        from_proto(message, Scenario, path="scenario")
    assert caught.value.field_path == "scenario.sites[0].zone_id"
    assert caught.value.reason == "REFERENCE_UNKNOWN"


def test_a_fault_in_the_demand_matrix_names_the_row_as_it_was_sent() -> None:
    message = to_proto(tiny())
    assert isinstance(message, scenario_pb2.Scenario)
    message.traffic.add(a="b", b="nowhere", gbps=1)  # sent first, sorted last
    message.traffic.add(a="a", b="b", gbps=1)
    with pytest.raises(InvalidInput) as caught:
        from_proto(message, Scenario, path="scenario")
    assert (caught.value.field_path, caught.value.reason) == ("scenario.traffic[0].b", "REFERENCE_UNKNOWN")


def test_traffic_to_a_hub_is_refused_with_its_path() -> None:
    message = to_proto(tiny())
    assert isinstance(message, scenario_pb2.Scenario)
    message.sites[1].role = scenario_pb2.SITE_ROLE_HUB
    message.traffic.add(a="a", b="b", gbps=1)
    with pytest.raises(InvalidInput) as caught:
        from_proto(message, Scenario, path="scenario")
    assert (caught.value.field_path, caught.value.reason) == ("scenario.traffic[0].b", "SITE_NOT_USABLE")


def test_a_matrix_without_traffic_and_two_budgets_are_refused() -> None:
    message = to_proto(tiny())
    assert isinstance(message, scenario_pb2.Scenario)
    message.workload.demand = scenario_pb2.DEMAND_MATRIX
    with pytest.raises(InvalidInput) as caught:
        from_proto(message, Scenario, path="scenario")
    assert (caught.value.field_path, caught.value.reason) == ("scenario.traffic", "DEMAND_EMPTY")
    message = to_proto(replace(tiny(), size=Size(budget_usd=1e9)))
    assert isinstance(message, scenario_pb2.Scenario)
    message.policy.budget_usd = 1e9
    with pytest.raises(InvalidInput) as caught:
        from_proto(message, Scenario, path="scenario")
    assert caught.value.field_path == "scenario.policy.budget_usd"


def test_a_broken_route_of_a_lightpath_in_service_is_refused_with_its_path() -> None:
    message = to_proto(tiny())
    assert isinstance(message, scenario_pb2.Scenario)
    message.lit_lightpaths.add(a="a", z="b", mode="m", count=1, segments=["s", "s"])
    with pytest.raises(InvalidInput) as caught:
        from_proto(message, Scenario, path="scenario")
    assert (caught.value.field_path, caught.value.reason) == ("scenario.lit_lightpaths[0].segments", "ROUTE_BROKEN")


def test_a_scenario_without_the_later_inputs_is_the_message_that_it_was() -> None:
    names = {field.name for field, _ in to_proto(tiny()).ListFields()}
    assert not names & {"traffic", "lit_lightpaths"}
    policy = to_proto(Policy())
    assert isinstance(policy, scenario_pb2.Policy)
    assert not policy.HasField("budget_usd")


def test_no_objective_is_not_mistaken_for_the_least_cost() -> None:
    assert from_proto(to_proto(SolveLimits()), SolveLimits).objective is None
    assert from_proto(to_proto(SolveLimits(objective="cost")), SolveLimits).objective == "cost"


def test_a_whole_number_beyond_64_bits_is_refused_with_its_path() -> None:
    big = Policy(max_sites=2**63)
    with pytest.raises(InvalidInput) as caught:
        to_proto(big)
    assert caught.value.field_path == "policy.max_sites"


def test_a_plan_without_provenance_is_refused() -> None:
    message = plan_pb2.Plan(scenario_name="x", wall_s=1, seed=0)
    with pytest.raises(InvalidInput) as caught:
        from_proto(message, Plan, path="plan")
    assert caught.value.reason == "FIELD_REQUIRED"
