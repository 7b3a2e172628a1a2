"""``FabricService`` and requests made to hurt: refused soon, with reason and path of the field, never as a defect."""

import math

import grpc
import pytest
from served.running_server import RunningServer

from topodesign.client.failure import failure_of
from topodesign.domain.errors import InvalidInput
from topodesign.v1 import fabric_bill_pb2 as bill_pb
from topodesign.v1 import fabric_comparison_pb2 as comparison_pb
from topodesign.v1 import fabric_conditions_pb2 as conditions_pb
from topodesign.v1 import fabric_failures_pb2 as failures_pb
from topodesign.v1 import fabric_kinds_pb2 as kinds_pb
from topodesign.v1 import fabric_pb2, fabric_service_pb2_grpc
from topodesign.v1 import fabric_service_pb2 as pb

Request = pb.EvaluateFabricRequest | pb.CompareFabricsRequest | pb.EstimateSliceGoodputRequest
TORUS = fabric_pb2.FabricSpec(torus=fabric_pb2.Torus(shape=[4, 4]))
ONE_LINK = failures_pb.FailedUnits(kind=failures_pb.FAILURE_KIND_LINK, count=1)
MANY = 300_000


def refusal(server: RunningServer, request: Request) -> InvalidInput:
    with grpc.insecure_channel(server.address) as channel:
        stub = fabric_service_pb2_grpc.FabricServiceStub(channel)
        with pytest.raises(grpc.RpcError) as caught:
            if isinstance(request, pb.EvaluateFabricRequest):
                stub.EvaluateFabric(request)
            elif isinstance(request, pb.CompareFabricsRequest):
                stub.CompareFabrics(request)
            else:
                stub.EstimateSliceGoodput(request)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    error = failure_of(caught.value, target="the test").error
    assert isinstance(error, InvalidInput)
    return error


def latency(**fields: float) -> pb.EvaluateFabricRequest:
    inputs = conditions_pb.LatencyInputs(**fields)  # type: ignore[arg-type]
    return pb.EvaluateFabricRequest(fabric=TORUS, conditions=conditions_pb.FabricConditions(latency=inputs))


def load(**fields: float) -> pb.EvaluateFabricRequest:
    inputs = conditions_pb.LoadInputs(**fields)  # type: ignore[arg-type]
    return pb.EvaluateFabricRequest(fabric=TORUS, conditions=conditions_pb.FabricConditions(load=inputs))


def failing(*parts: failures_pb.FailedUnits, sets: int = 1, samples: int = 1) -> pb.EvaluateFabricRequest:
    spec = failures_pb.FailureSpec(sets=[failures_pb.FailureSet(parts=parts)] * sets, samples=samples)
    return pb.EvaluateFabricRequest(fabric=TORUS, failures=spec)


@pytest.mark.parametrize(
    ("request_", "path"),
    [
        (pb.EvaluateFabricRequest(fabric=TORUS, message_bytes=math.nan), "message_bytes"),
        (pb.EvaluateFabricRequest(fabric=TORUS, message_bytes=1e308), "message_bytes"),
        (latency(adapter_ns=-1), "conditions.latency.adapter_ns"),
        (latency(cable_ns_per_m=math.inf), "conditions.latency.cable_ns_per_m"),
        (latency(direct_hop_ns=1e308), "conditions.latency.direct_hop_ns"),
        (load(utilization=math.nan), "conditions.load.utilization"),
        (load(utilization=0.7), "conditions.load.utilization"),
        (load(packet_bytes=1e308), "conditions.load.packet_bytes"),
        (load(step_s=1e308), "conditions.load.step_s"),
        (load(flows_per_accelerator=2**31 - 1), "conditions.load.flows_per_accelerator"),
        (failing(failures_pb.FailedUnits(kind=99, count=1)), "failures.sets[0].parts[0].kind"),  # type: ignore[arg-type]
        (failing(failures_pb.FailedUnits(kind=1, count=1, share=0.1)), "failures.sets[0].parts[0]"),  # type: ignore[arg-type]
        (failing(failures_pb.FailedUnits(kind=1, share=math.nan)), "failures.sets[0].parts[0]"),  # type: ignore[arg-type]
        (failing(failures_pb.FailedUnits(kind=5, count=1)), "failures"),  # type: ignore[arg-type]  # a torus has no OCS
        (failing(ONE_LINK, samples=10**6), "failures.samples"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_figures_out_of_range_are_refused_with_their_path(
    request_: pb.EvaluateFabricRequest, path: str, server: RunningServer
) -> None:
    assert refusal(server, request_).field_path == path


@pytest.mark.parametrize(
    ("request_", "path", "reason"),
    [
        (pb.CompareFabricsRequest(), "fabrics", "FIELD_INVALID"),
        (
            pb.CompareFabricsRequest(fabrics=[TORUS], budget=comparison_pb.BudgetBasis(kinds=["torus"], budget_usd=1)),
            "fabrics",
            "FIELD_INVALID",
        ),
        (
            pb.CompareFabricsRequest(
                equal_cost=comparison_pb.EqualCostBasis(kinds=["torus"], accelerators=1_000_000_000)
            ),
            "equal_cost.accelerators",
            "FIELD_INVALID",
        ),
        (
            pb.CompareFabricsRequest(equal_size=comparison_pb.EqualSizeBasis(kinds=["moebius"], accelerators=64)),
            "equal_size.kinds",
            "FABRIC_KIND_UNKNOWN",
        ),
        (
            pb.CompareFabricsRequest(equal_size=comparison_pb.EqualSizeBasis(kinds=["slimfly"], accelerators=4096)),
            "equal_size.accelerators",
            "FABRIC_SIZE_IMPOSSIBLE",
        ),
        (
            pb.CompareFabricsRequest(equal_size=comparison_pb.EqualSizeBasis(kinds=["x" * 10**6], accelerators=64)),
            "equal_size.kinds",
            "FIELD_INVALID",
        ),
        (
            pb.CompareFabricsRequest(budget=comparison_pb.BudgetBasis(kinds=["torus"], budget_usd=-1)),
            "budget.budget_usd",
            "FIELD_INVALID",
        ),
        (
            pb.CompareFabricsRequest(
                budget=comparison_pb.BudgetBasis(
                    kinds=["torus"],
                    budget_usd=1e6,
                    options=bill_pb.BillOptions(adapters=99),  # type: ignore[arg-type]
                )
            ),
            "budget.options.adapters",
            "ENUM_UNKNOWN",
        ),
        (
            pb.EstimateSliceGoodputRequest(blocks=10**9, hosts_per_block=1, slice_blocks=1, host_availability=0.9),
            "blocks",
            "FIELD_INVALID",
        ),
        (pb.EstimateSliceGoodputRequest(blocks=64), "hosts_per_block", "FIELD_REQUIRED"),
        (
            pb.EvaluateFabricRequest(fabric=fabric_pb2.FabricSpec(clos=fabric_pb2.Clos(accelerators=70_000))),
            "fabric.clos.accelerators",
            "FABRIC_TOO_LARGE",
        ),
        (
            pb.EvaluateFabricRequest(fabric=fabric_pb2.FabricSpec(torus=fabric_pb2.Torus(shape=[4], link_gbps=1e308))),
            "fabric.torus.link_gbps",
            "FIELD_INVALID",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_comparisons_and_fabrics_that_cannot_be_are_refused_with_reason_and_path(
    request_: Request, path: str, reason: str, server: RunningServer
) -> None:
    error = refusal(server, request_)
    assert (error.field_path, error.reason) == (path, reason)


@pytest.mark.parametrize(
    ("request_", "path"),
    [
        (
            pb.EvaluateFabricRequest(fabric=fabric_pb2.FabricSpec(torus=fabric_pb2.Torus(shape=[1] * MANY))),
            "fabric.torus.shape",
        ),
        (failing(ONE_LINK, sets=MANY), "failures.sets"),
        (failing(*[ONE_LINK] * MANY), "failures.sets[0].parts"),
        (pb.CompareFabricsRequest(fabrics=[TORUS] * MANY), "fabrics"),
        (
            pb.CompareFabricsRequest(equal_size=comparison_pb.EqualSizeBasis(kinds=["torus"] * MANY, accelerators=64)),
            "equal_size.kinds",
        ),
        (
            pb.EvaluateFabricRequest(
                fabric=fabric_pb2.FabricSpec(
                    custom=kinds_pb.EdgeList(accelerators=["a"], edges=[kinds_pb.Edge()] * MANY)
                )
            ),
            "fabric.custom.edges[0].a",
        ),
    ],
    ids=["sides", "sets", "parts", "fabrics", "kinds", "edges without ends"],
)
def test_hundreds_of_thousands_of_entries_are_refused_before_they_are_read(
    request_: Request, path: str, server: RunningServer
) -> None:
    """Reading all of them would take longer than the client waits: edges without ends once took most of a minute."""
    assert refusal(server, request_).field_path == path
