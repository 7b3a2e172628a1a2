"""The rules in the definitions: they refuse nothing that the domain accepts, and what they refuse it refuses too."""

import math
import re
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st
from topodesign_server.request_rules import NUMBERS, RequestRules, TooManyEntries, rules_of
from wire.test_api_rules import requested
from wire.test_mapper import domain_dataclasses
from wire.wire_strategies import instances

from topodesign.domain.errors import InvalidInput
from topodesign.v1 import (
    fabric_pb2,
    fabric_service_pb2,
    optics_service_pb2,
    planning_service_pb2,
    scenario_pb2,
    scenario_service_pb2,
    training_service_pb2,
)
from topodesign.wire import message_type, to_proto

RULES = RequestRules()
NEVER_ASKED = frozenset({"Plan"})
ASKED = {message.full_name for message in requested(but_not=NEVER_ASKED)}
KINDS = [kind for kind in domain_dataclasses() if message_type(kind).DESCRIPTOR.full_name in ASKED]
SERVERS_OWN = {"SolveLimits"}
"""How long a solve may take is for who solves to say: `read_limits`, which knows the machine."""


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_what_the_domain_accepts_breaks_no_rule(kind: type, data: st.DataObject) -> None:
    if kind.__name__ in SERVERS_OWN:
        return
    assert RULES.fault(to_proto(data.draw(instances(kind)))) is None


def beyond(field: FieldDescriptor) -> list[float]:
    """Values just outside what a rule allows, and those that are no number."""
    own = rules_of(field)
    rules = getattr(own.repeated.items if field.is_repeated else own, NUMBERS[field.type])
    is_whole = field.type != FieldDescriptor.TYPE_DOUBLE
    values: list[float] = []
    for name, outward in (("gt", None), ("gte", -math.inf), ("lt", None), ("lte", math.inf)):
        if rules.HasField(name):
            limit = getattr(rules, name)
            step = 0 if outward is None else (1 if outward > 0 else -1)
            values.append(limit + step if is_whole else limit if outward is None else math.nextafter(limit, outward))
    if not is_whole and values:
        values.append(math.nan)
    return values


LIMITED = [
    (kind, field)
    for kind in KINDS
    if kind.__name__ not in SERVERS_OWN
    for field in message_type(kind).DESCRIPTOR.fields
    if field.type in NUMBERS and beyond(field)
]


@cache
def smallest(kind: type) -> Any:
    return find(instances(kind), lambda _: True, settings=settings(phases=[Phase.generate], max_examples=50))


@pytest.mark.parametrize(("kind", "field"), LIMITED, ids=lambda value: getattr(value, "__name__", None) or value.name)
def test_what_a_rule_refuses_the_domain_refuses_too(kind: type, field: FieldDescriptor) -> None:
    for value in beyond(field):
        put = (value,) if field.is_repeated else value
        with pytest.raises(InvalidInput):
            replace(smallest(kind), **{field.name: put})


def scenario(**site: Any) -> scenario_pb2.Scenario:
    fields = {"site_id": "a", "lon": 0.0, "lat": 0.0, "zone_id": "z", "power_mw": 1.0, **site}
    return scenario_pb2.Scenario(
        name="one",
        sites=[scenario_pb2.Site(**fields)],
        zones=[scenario_pb2.PowerZone(zone_id="z", headroom_mw=1)],
        workload=scenario_pb2.Workload(sync_time_s=1),
        size=scenario_pb2.Size(power_mw=1),
    )


@pytest.mark.parametrize(
    ("request_", "path", "reason", "words"),
    [
        (optics_service_pb2.DesignLinkRequest(), "length_km", "FIELD_REQUIRED", "missing"),
        (optics_service_pb2.DesignLinkRequest(length_km=-1), "length_km", "FIELD_INVALID", "is -1.0.*greater than 0"),
        (optics_service_pb2.DesignLinkRequest(length_km=1e9), "length_km", "FIELD_INVALID", "at most 40000; give"),
        (optics_service_pb2.DesignLinkRequest(length_km=math.nan), "length_km", "FIELD_INVALID", "a finite number"),
        (
            optics_service_pb2.DesignLinkRequest(length_km=1, spans_km=[1, -2]),
            "spans_km[1]",
            "FIELD_INVALID",
            "is -2.0",
        ),
        (
            optics_service_pb2.DesignLinkRequest(length_km=1, spans_km=[1.0] * 1001),
            "spans_km",
            "FIELD_INVALID",
            "1001 entries.*at most 1000; give fewer",
        ),
        (
            optics_service_pb2.DesignLinkRequest(length_km=1, catalog=77),  # type: ignore[arg-type]
            "catalog",
            "ENUM_UNKNOWN",
            "is 77.*MODE_CATALOG_STANDARD, MODE_CATALOG_FLEXWAN",
        ),
        (
            training_service_pb2.PlanShardingRequest(pods={"east": 0}, pod_accelerators=8),
            "pods['east']",
            "FIELD_INVALID",
            "is 0.*at least 1",
        ),
        (
            scenario_service_pb2.GetScenarioRequest(name="x" * 1001),
            "name",
            "FIELD_INVALID",
            "at most 1000 characters long; shorten it",
        ),
        (
            scenario_service_pb2.CreateScenarioRequest(scenario=scenario(site_id="")),
            "scenario.sites[0].site_id",
            "FIELD_INVALID",
            "1 to 200 characters long",
        ),
        (
            planning_service_pb2.GetPlanRequest(name="plans/p", view=99),  # type: ignore[arg-type]
            "view",
            "ENUM_UNKNOWN",
            "PLAN_VIEW_BASIC",
        ),
        (
            fabric_service_pb2.EvaluateFabricRequest(
                fabric=fabric_pb2.FabricSpec(torus=fabric_pb2.Torus(shape=[2] * 9))
            ),
            "fabric.torus.shape",
            "FIELD_INVALID",
            "9 entries.*at most 8",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_refusal_names_field_value_limit_and_remedy(request_: Message, path: str, reason: str, words: str) -> None:
    fault = RULES.fault(request_)
    assert fault is not None
    assert (fault.field_path, fault.reason) == (path, reason)
    assert fault.message.startswith(path)
    assert re.search(words, fault.message)


def test_lists_inside_lists_and_maps_are_counted_before_anything_is_read() -> None:
    overrides = {"x": scenario_pb2.CatalogFigures(figures={str(number): math.nan for number in range(1001)})}
    message = scenario(power_mw=-1)
    message.catalog_overrides["x"].CopyFrom(overrides["x"])
    fault = RULES.fault(scenario_service_pb2.CheckScenarioRequest(scenario=message))
    assert fault is not None
    assert fault.field_path == "scenario.catalog_overrides['x'].figures"
    assert isinstance(fault, TooManyEntries)
