"""What child processes do about fabrics: serialized request in, serialized answer out."""

from dataclasses import fields

from topodesign.domain.fabric import FabricSpec
from topodesign.domain.fabric_comparison import (
    BudgetBasis,
    BudgetComparison,
    EqualCostBasis,
    EqualCostComparison,
    EqualSizeBasis,
    EqualSizeComparison,
)
from topodesign.domain.fabric_failures import SliceGoodputRequest
from topodesign.v1 import fabric_comparison_pb2, fabric_pb2
from topodesign.v1 import fabric_service_pb2 as pb
from topodesign.wire import from_proto, to_proto
from topodesign_server.fabric_requests import (
    BASES,
    Basis,
    ComparisonAsked,
    comparison_asked,
    evaluation_asked,
    faults_at,
)


def evaluate_fabric(payload: tuple[bytes, ...], _: object) -> bytes:
    """``EvaluateFabricRequest`` -> ``FabricEvaluation``."""
    from topodesign.fabric import evaluate_fabric as evaluated

    request = pb.EvaluateFabricRequest.FromString(payload[0])
    asked = evaluation_asked(request)
    with faults_at(f"fabric.{request.fabric.WhichOneof('spec')}", _field_names(asked.spec)):
        found = evaluated(
            asked.spec,
            message_bytes=asked.message_bytes,
            conditions=asked.conditions,
            failures=asked.failures,
            bill=asked.bill,
        )
    return to_proto(found).SerializeToString()


def compare_fabrics(payload: tuple[bytes, ...], _: object) -> bytes:
    """``CompareFabricsRequest`` -> ``CompareFabricsResponse``."""
    request = pb.CompareFabricsRequest.FromString(payload[0])
    asked = comparison_asked(request)
    response = _given(request, asked) if asked.basis is None else _by_basis(asked.basis, asked)
    return response.SerializeToString()


def estimate_slice_goodput(payload: tuple[bytes, ...], _: object) -> bytes:
    """``EstimateSliceGoodputRequest`` -> ``SliceGoodput``."""
    from topodesign.fabric import slice_goodput

    asked = from_proto(pb.EstimateSliceGoodputRequest.FromString(payload[0]), SliceGoodputRequest)
    found = slice_goodput(
        blocks=asked.blocks,
        hosts_per_block=asked.hosts_per_block,
        slice_blocks=asked.slice_blocks,
        host_availability=asked.host_availability,
    )
    return to_proto(found).SerializeToString()


def _given(request: pb.CompareFabricsRequest, asked: ComparisonAsked) -> pb.CompareFabricsResponse:
    from topodesign.fabric import evaluate_fabric as evaluated

    response = pb.CompareFabricsResponse()
    for index, spec in enumerate(asked.specs):
        member = request.fabrics[index].WhichOneof("spec")
        with faults_at(f"fabrics[{index}].{member}", _field_names(spec)):
            found = evaluated(spec, message_bytes=asked.message_bytes, conditions=asked.conditions)
        message = to_proto(found)
        assert isinstance(message, fabric_pb2.FabricEvaluation)
        response.fabrics.append(message)
    return response


def _by_basis(basis: Basis, asked: ComparisonAsked) -> pb.CompareFabricsResponse:
    member = next(name for name, kind in BASES.items() if isinstance(basis, kind))
    with faults_at(member, _field_names(basis)):
        found = to_proto(_compared(basis, asked))
    if isinstance(found, fabric_comparison_pb2.EqualSizeComparison):
        return pb.CompareFabricsResponse(equal_size=found)
    if isinstance(found, fabric_comparison_pb2.EqualCostComparison):
        return pb.CompareFabricsResponse(equal_cost=found)
    assert isinstance(found, fabric_comparison_pb2.BudgetComparison)
    return pb.CompareFabricsResponse(budget=found)


def _compared(basis: Basis, asked: ComparisonAsked) -> EqualSizeComparison | EqualCostComparison | BudgetComparison:
    from topodesign.fabric import compare_at_equal_cost, compare_at_equal_size, fabrics_for_budget

    match basis:
        case EqualSizeBasis():
            return compare_at_equal_size(
                basis.kinds,
                accelerators=basis.accelerators,
                link_gbps=basis.link_gbps,
                message_bytes=asked.message_bytes,
                conditions=asked.conditions,
            )
        case EqualCostBasis():
            return compare_at_equal_cost(
                basis.kinds,
                accelerators=basis.accelerators,
                usd_per_accelerator=basis.usd_per_accelerator,
                link_gbps=basis.link_gbps,
                options=basis.options,
                message_bytes=asked.message_bytes,
                conditions=asked.conditions,
            )
        case BudgetBasis():
            return fabrics_for_budget(
                basis.kinds,
                budget_usd=basis.budget_usd,
                accelerator_usd=basis.accelerator_usd,
                link_gbps=basis.link_gbps,
                options=basis.options,
                message_bytes=asked.message_bytes,
                conditions=asked.conditions,
            )


def _field_names(asked: FabricSpec | Basis) -> frozenset[str]:
    return frozenset(item.name for item in fields(asked))
