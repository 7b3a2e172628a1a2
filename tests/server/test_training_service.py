"""Training and catalogue over a real connection: the library's answers, page by page, errors by reason and field."""

import dataclasses
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import grpc
import pytest
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo
from google.rpc.status_pb2 import Status
from served.running_server import RunningServer

import topodesign as td
from topodesign.client import Client
from topodesign.client.failure import DETAILS_KEY
from topodesign.domain.equipment import KIND_OF
from topodesign.domain.errors import TopoDesignError
from topodesign.domain.goodput_request import MOST_DRAWS
from topodesign.v1 import (
    catalog_pb2,
    catalog_service_pb2,
    catalog_service_pb2_grpc,
    optics_pb2,
    training_goodput_pb2,
    training_service_pb2_grpc,
)
from topodesign.v1 import training_service_pb2 as pb

PLAIN = {"parameters": 1e9, "step_s": 1.0, "sites": 2}
LLAMA = {"model": "llama-3-405b", "accelerators": 16_384, "sites": 2, "rtt_ms": 10.0, "goodput_factor": 0.8}
SHAPE = td.PipelineShape(stages=16, micro_batches=64, hidden_size=16_384, batch_tokens=16_777_216.0)
JOBS: dict[str, dict[str, Any]] = {
    "least": {**PLAIN, "gbps": 100.0},
    "data parallel": {**LLAMA, "utilization": 0.95},
    "streaming": {**LLAMA, "utilization": 0.95, "method": "streaming", "overlap_steps": 1.0, "bits_per_element": 4.0},
    "asynchronous": {**LLAMA, "gbps": 5.0, "method": "asynchronous", "inner_steps": 500},
    "pipeline": {**LLAMA, "gbps": 1000.0, "method": "pipeline", "pipeline": SHAPE},
    "jitter": {**PLAIN, "gbps": 50.0, "sites": 24, "jitter_s": 0.02, "jitter_law": "exponential", "uptime": 0.9},
    "attention": {**LLAMA, "gbps": 500.0, "count_attention": True, "accelerator": "gb200-nvl72", "weight_bits": 8.0},
    "none is not given": {**PLAIN, "gbps": 100.0, "utilization": None, "model": None},
}
WRONG_JOBS: dict[str, tuple[dict[str, Any], str, str]] = {
    "no parameters": ({}, "FIELD_INVALID", "parameters"),
    "no sites": ({"parameters": 1e9, "step_s": 1.0}, "FIELD_INVALID", "sites"),
    "zero sites": ({**PLAIN, "sites": 0, "gbps": 1.0}, "FIELD_INVALID", "sites"),
    "a quintillion sites": ({**PLAIN, "sites": 10**18, "gbps": 1.0}, "FIELD_INVALID", "sites"),
    "negative bandwidth": ({**PLAIN, "gbps": -1.0}, "FIELD_INVALID", "gbps"),
    "endless bandwidth": ({**PLAIN, "gbps": math.inf}, "FIELD_INVALID", "gbps"),
    "utilization above 1": ({**PLAIN, "utilization": 1.5}, "FIELD_INVALID", "utilization"),
    "neither": (PLAIN, "FIELD_INVALID", "gbps"),
    "not a number": ({**PLAIN, "gbps": 1.0, "parameters": math.nan}, "FIELD_INVALID", "parameters"),
    "no bandwidth reaches it": (
        {**PLAIN, "utilization": 0.999, "rtt_ms": 1e5},
        "UTILIZATION_UNREACHABLE",
        "utilization",
    ),
    "experts across sites": ({**PLAIN, "gbps": 1.0, "method": "expert"}, "PARALLELISM_NOT_ACROSS_SITES", "method"),
    "fits no pod": ({**LLAMA, "gbps": 1.0, "pod_accelerators": 8}, "MODEL_EXCEEDS_MEMORY", "pod_accelerators"),
    "a model misspelled": ({**LLAMA, "gbps": 1.0, "model": "lama-3-405b"}, "MODEL_UNKNOWN", "model"),
    "an accelerator misspelled": ({**LLAMA, "gbps": 1.0, "accelerator": "H100"}, "EQUIPMENT_UNKNOWN", "accelerator"),
    "a pipeline through 257 sites": (
        {
            **PLAIN,
            "sites": 257,
            "utilization": 0.9,
            "method": "pipeline",
            "pipeline": td.PipelineShape(stages=257, micro_batches=10**6, hidden_size=1, batch_tokens=1.0),
        },
        "FIELD_INVALID",
        "sites",
    ),
    "a pipeline without a shape": ({**PLAIN, "gbps": 1.0, "method": "pipeline"}, "FIELD_INVALID", "pipeline"),
}
CHIPS = td.FailingParts(name="chips", count=16_384, mtbf_h=50_677)
ZONE = td.FailingParts(name="zone", count=1, mtbf_h=2_000, wait_s=3_600)
REJOINING = td.Rejoining(round_s=600, restart_s=300, reform_s=20)
GOODPUTS: dict[str, dict[str, Any]] = {
    "of the catalogue": {"accelerators": 100_000, "site_count": 8, "rejoining": REJOINING, "interruptions": 1_000},
    "of its mean time to interrupt": {"parts": (td.FailingParts(name="all", count=1, mtbf_h=3.1),), "interval_s": 900},
    "of sites": {
        "sites": (
            td.JobSite(site_id="a", accelerators=16_384, parts=(CHIPS,), replicas=2),
            td.JobSite(site_id="b", accelerators=10_000, parts=()),
        ),
        "parts": (ZONE,),
        "rejoining": REJOINING,
        "interruptions": 500,
        "seed": 7,
    },
    "of nothing that fails": {"parts": (td.FailingParts(name="none", count=1, mtbf_h=math.inf),), "interruptions": 100},
}
WRONG_GOODPUTS: dict[str, tuple[dict[str, Any], str, str]] = {
    "of nothing": ({}, "FIELD_REQUIRED", "accelerators"),
    "too many draws": ({"accelerators": 10**6, "interruptions": MOST_DRAWS}, "SIMULATION_TOO_LARGE", "interruptions"),
    "one draw": ({"accelerators": 10, "interruptions": 1}, "FIELD_INVALID", "interruptions"),
    "negative draws": ({"accelerators": 10, "interruptions": -5}, "FIELD_INVALID", "interruptions"),
    "zero sites": ({"accelerators": 10, "site_count": 0}, "FIELD_INVALID", "site_count"),
    "sites without accelerators": ({"accelerators": 10, "site_count": 11}, "FIELD_INVALID", "site_count"),
    "endless interval": ({"accelerators": 10, "interval_s": math.inf}, "FIELD_INVALID", "interval_s"),
    "accelerator misspelled": ({"accelerators": 10, "accelerator": "h100"}, "EQUIPMENT_UNKNOWN", "accelerator"),
}
WRITES = {"write_s": 30.0, "restart_s": 180.0}
PODS = {"ashburn": 8, "columbus": 6, "dallas": 6}
WRONG_SHARDINGS: dict[str, tuple[dict[str, Any], str, str]] = {
    "no sites": ({"pods": {}}, "FIELD_INVALID", "pods"),
    "no pods": ({"pods": {"a": 0}}, "FIELD_INVALID", "pods['a']"),
    "half a pod": ({"pods": {"a": 1.5}}, "FIELD_INVALID", "pods['a']"),
    "a region of nowhere": ({"regions": {"dalas": "south"}}, "REFERENCE_UNKNOWN", "regions"),
    "not a number": ({"bits_per_element": math.nan}, "FIELD_INVALID", "bits_per_element"),
    "fits not even all": ({"pod_accelerators": 1}, "MODEL_EXCEEDS_MEMORY", "pod_accelerators"),
    "model misspelled": ({"model": "lama-3"}, "MODEL_UNKNOWN", "model"),
    "accelerator misspelled": ({"accelerator": "h100"}, "EQUIPMENT_UNKNOWN", "accelerator"),
}


@pytest.fixture
def channel(server: RunningServer) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(server.address, options=(("grpc.max_send_message_length", -1),)) as opened:
        yield opened


def raised_by(call: Callable[..., object], options: Mapping[str, Any]) -> TopoDesignError:
    with pytest.raises(TopoDesignError) as caught:
        call(**options)
    return caught.value


def require_alike(served: TopoDesignError, local: TopoDesignError) -> None:
    assert type(served) is type(local)
    for part in ("reason", "field_path", "metadata"):
        assert getattr(served, part) == getattr(local, part)
    # a status travels in trailers, whose size is limited: the longest messages are cut
    assert served.message == local.message or local.message.startswith(served.message.removesuffix("…"))


def refusal(call: Any, request: Any) -> tuple[grpc.StatusCode, str, list[str]]:
    """Code, reason and fields that a call is refused with."""
    with pytest.raises(grpc.RpcError) as caught:
        call(request)
    error: Any = caught.value
    status = Status.FromString(dict(error.trailing_metadata())[DETAILS_KEY])
    info, bad_request = ErrorInfo(), BadRequest()
    for detail in status.details:
        detail.Unpack(info)
        detail.Unpack(bad_request)
    assert info.domain == "topodesign"
    return error.code(), info.reason, [item.field for item in bad_request.field_violations]


@pytest.mark.parametrize("name", JOBS)
def test_a_job_is_estimated_as_the_library_does(client: Client, name: str) -> None:
    assert client.estimate_training(**JOBS[name]) == td.estimate_training(**JOBS[name])


@pytest.mark.parametrize("name", WRONG_JOBS)
def test_a_wrong_job_is_refused_as_the_library_refuses_it(client: Client, name: str) -> None:
    options, reason, field = WRONG_JOBS[name]
    local = raised_by(td.estimate_training, options)
    assert (local.reason, local.field_path) == (reason, field)
    require_alike(raised_by(client.estimate_training, options), local)


def test_an_option_that_there_is_not_is_refused_with_the_nearest(client: Client) -> None:
    for call in (td.estimate_training, client.estimate_training):
        error = raised_by(call, {**PLAIN, "gbsp": 3.0})
        assert (error.reason, error.field_path) == ("OPTION_UNKNOWN", "gbsp")
        assert "did you mean 'gbps'?" in error.message


def test_a_pipeline_that_is_no_shape_is_refused(client: Client) -> None:
    for call in (td.estimate_training, client.estimate_training):
        error = raised_by(call, {**PLAIN, "gbps": 1.0, "method": "pipeline", "pipeline": {"stages": 2}})
        assert (error.reason, error.field_path) == ("FIELD_INVALID", "pipeline")


def test_wrong_requests_of_other_clients_name_code_reason_and_field(channel: grpc.Channel) -> None:
    stub = training_service_pb2_grpc.TrainingServiceStub(channel)
    zero = pb.EstimateTrainingRequest(parameters=1e9, step_s=1, sites=0, gbps=1)
    assert refusal(stub.EstimateTraining, zero) == (grpc.StatusCode.INVALID_ARGUMENT, "FIELD_INVALID", ["sites"])
    shape = pb.EstimateTrainingRequest(sites=2)
    shape.pipeline.stages = 0
    assert refusal(stub.EstimateTraining, shape)[1:] == ("FIELD_REQUIRED", ["pipeline.micro_batches"])
    unknown = pb.EstimateTrainingRequest(sites=2, method=99)  # type: ignore[arg-type]
    assert refusal(stub.EstimateTraining, unknown)[1:] == ("ENUM_UNKNOWN", ["method"])
    model = pb.EstimateTrainingRequest(sites=2, gbps=1, model="none")
    assert refusal(stub.EstimateTraining, model) == (grpc.StatusCode.NOT_FOUND, "MODEL_UNKNOWN", ["model"])
    assert refusal(stub.EstimateGoodput, pb.EstimateGoodputRequest())[1:] == ("FIELD_REQUIRED", ["write_s"])
    nameless = pb.EstimateGoodputRequest(write_s=1, restart_s=1)
    nameless.sites.add(site_id="a", accelerators=1).parts.add(name="x", count=-1, mtbf_h=1)
    assert refusal(stub.EstimateGoodput, nameless)[1:] == ("FIELD_INVALID", ["sites[0].parts[0].count"])
    for fields, missing in (
        ({}, "model"),
        ({"model": "dense-2t"}, "accelerator"),
        ({"model": "dense-2t", "accelerator": "h100-sxm", "pods": {"a": 1}}, "pod_accelerators"),
    ):
        request = pb.PlanShardingRequest(**fields)  # type: ignore[arg-type]
        assert refusal(stub.PlanSharding, request)[1:] == ("FIELD_REQUIRED", [missing])


def test_endless_lists_are_refused_by_their_number(channel: grpc.Channel) -> None:
    stub = training_service_pb2_grpc.TrainingServiceStub(channel)
    site = training_goodput_pb2.JobSite(site_id="a", accelerators=1)
    many = pb.EstimateGoodputRequest(write_s=1, restart_s=1, sites=[site] * 300_000)
    assert refusal(stub.EstimateGoodput, many)[1:] == ("FIELD_INVALID", ["sites"])
    part = training_goodput_pb2.FailingParts(name="x", count=1, mtbf_h=1)
    many = pb.EstimateGoodputRequest(write_s=1, restart_s=1, parts=[part] * 300_000)
    assert refusal(stub.EstimateGoodput, many)[1:] == ("FIELD_INVALID", ["parts"])
    pods = {f"s{number}": 1 for number in range(100_001)}
    sharding = pb.PlanShardingRequest(model="dense-2t", accelerator="h100-sxm", pods=pods, pod_accelerators=8)
    assert refusal(stub.PlanSharding, sharding)[1:] == ("FIELD_INVALID", ["pods"])


@pytest.mark.parametrize("name", GOODPUTS)
def test_a_goodput_is_estimated_as_the_library_does(client: Client, name: str) -> None:
    request = td.GoodputRequest(**GOODPUTS[name], **WRITES)
    assert client.estimate_goodput(request) == td.estimate_goodput(**GOODPUTS[name], **WRITES)


@pytest.mark.parametrize("name", WRONG_GOODPUTS)
def test_a_wrong_goodput_is_refused_as_the_library_refuses_it(client: Client, name: str) -> None:
    options, reason, field = WRONG_GOODPUTS[name]
    local = raised_by(td.estimate_goodput, {**options, **WRITES})
    assert (local.reason, local.field_path) == (reason, field)
    require_alike(raised_by(client.estimate_goodput, {**options, **WRITES}), local)


def test_sharding_is_planned_as_the_library_does(client: Client) -> None:
    options: dict[str, Any] = {"pods": PODS, "pod_accelerators": 72, "regions": {"dallas": "south"}}
    named = client.plan_sharding("llama-3-405b", "h100-sxm", **options)
    assert named == td.plan_sharding("llama-3-405b", "h100-sxm", **options)
    assert {item.links for item in named.dimensions} == {"pod", "pods", "sites", "regions"}
    model = dataclasses.replace(next(iter(td.training_models())), id="mine", parameters=3e12, active_parameters=3e12)
    accelerator = dataclasses.replace(td.list_accelerators()[0], id="mine", hbm_gb=512.0)
    own = client.plan_sharding(model, accelerator, **options, bits_per_element=8.0)
    assert own == td.plan_sharding(model, accelerator, **options, bits_per_element=8.0)


@pytest.mark.parametrize("name", WRONG_SHARDINGS)
def test_a_wrong_sharding_is_refused_as_the_library_refuses_it(client: Client, name: str) -> None:
    changes, reason, field = WRONG_SHARDINGS[name]
    options = {"model": "dense-2t", "accelerator": "h100-sxm", "pods": PODS, "pod_accelerators": 4_096, **changes}
    local = raised_by(td.plan_sharding, options)
    assert (local.reason, local.field_path) == (reason, field)
    require_alike(raised_by(client.plan_sharding, options), local)


def test_models_and_equipment_are_listed_as_the_library_does(client: Client) -> None:
    assert client.training_models() == td.training_models()
    assert client.list_accelerators() == td.list_accelerators() == td.list_equipment(kind="accelerator")
    assert client.list_equipment() == td.list_equipment()
    assert client.list_equipment(kind="grey_optic") == td.list_equipment(kind="grey_optic")


def test_a_kind_that_there_is_not_is_refused_with_the_nearest(client: Client) -> None:
    wrong: dict[str, Any] = {"kind": "swich"}
    local = raised_by(td.list_equipment, wrong)
    assert (local.reason, local.field_path) == ("KIND_UNKNOWN", "kind")
    assert "did you mean 'switch'?" in local.message
    require_alike(raised_by(client.list_equipment, wrong), local)


@pytest.mark.parametrize("size", [7, 1000])
def test_pages_of_any_size_hold_all_equipment_once_and_in_order(channel: grpc.Channel, size: int) -> None:
    stub = catalog_service_pb2_grpc.CatalogServiceStub(channel)
    found: list[tuple[str | None, str]] = []
    token = ""
    while True:
        page = stub.ListEquipment(catalog_service_pb2.ListEquipmentRequest(page_size=size, page_token=token))
        assert 1 <= len(page.equipment) <= size
        for item in page.equipment:
            member = item.WhichOneof("item")
            found.append((member, getattr(item, str(member)).id))
        token = page.next_page_token
        if not token:
            break
    assert found == [(KIND_OF[type(item)], item.id) for item in td.list_equipment()]


def test_figures_over_the_wire_have_source_date_and_confidence(channel: grpc.Channel) -> None:
    stub = catalog_service_pb2_grpc.CatalogServiceStub(channel)
    for item in stub.ListAccelerators(catalog_service_pb2.ListAcceleratorsRequest()).accelerators:
        for origin in item.origins.values():
            assert origin.source and len(origin.date) >= 7
            assert origin.confidence != optics_pb2.CONFIDENCE_UNSPECIFIED
        price = item.origins["cost_usd"] if "cost_usd" in item.origins else item.origins["*"]
        assert price.confidence == optics_pb2.CONFIDENCE_LOW  # indicative


def test_a_token_is_for_the_list_and_the_kind_that_it_was_given_for(channel: grpc.Channel) -> None:
    catalog = catalog_service_pb2_grpc.CatalogServiceStub(channel)
    request = catalog_service_pb2.ListEquipmentRequest(page_size=1, kind=catalog_pb2.EQUIPMENT_KIND_SWITCH)
    token = catalog.ListEquipment(request).next_page_token
    refused = (grpc.StatusCode.INVALID_ARGUMENT, "PAGE_TOKEN_INVALID", ["page_token"])
    other = catalog_service_pb2.ListEquipmentRequest(page_size=1, page_token=token)
    assert refusal(catalog.ListEquipment, other) == refused
    models = training_service_pb2_grpc.TrainingServiceStub(channel)
    assert refusal(models.ListTrainingModels, pb.ListTrainingModelsRequest(page_token=token)) == refused
    unknown = catalog_service_pb2.ListEquipmentRequest(kind=77)  # type: ignore[arg-type]
    assert refusal(catalog.ListEquipment, unknown)[1:] == ("ENUM_UNKNOWN", ["kind"])
    negative = catalog_service_pb2.ListAcceleratorsRequest(page_size=-1)
    assert refusal(catalog.ListAccelerators, negative)[1:] == ("FIELD_INVALID", ["page_size"])
