"""Every repeated field that a request about fabrics can carry has a limit, checked before its entries are read."""

import pytest
from google.protobuf.descriptor import Descriptor

from topodesign.domain.errors import InvalidInput
from topodesign.domain.fabric import Torus
from topodesign.domain.fabric_comparison import EqualCostFabric
from topodesign.v1 import fabric_comparison_pb2, fabric_pb2, fabric_service_pb2
from topodesign.wire import from_proto
from topodesign.wire.entries import MOST_ENTRIES
from topodesign.wire.values import MOST_FAULTS, Converter, SeveralFaults, missing, repeated

IN_SERVICER = {"topodesign.v1.CompareFabricsRequest.fabrics"}
"""Counted where the request is read, as no domain object holds it."""


def repeated_below(message: Descriptor, seen: set[str]) -> set[str]:
    if message.full_name in seen:
        return set()
    seen.add(message.full_name)
    found = {field.full_name for field in message.fields if field.is_repeated}
    return found.union(*(repeated_below(field.message_type, seen) for field in message.fields if field.message_type))


def test_every_repeated_field_of_requests_about_fabrics_has_a_limit() -> None:
    seen: set[str] = set()
    requests = (
        fabric_service_pb2.EvaluateFabricRequest,
        fabric_service_pb2.CompareFabricsRequest,
        fabric_service_pb2.EstimateSliceGoodputRequest,
    )
    asked = set().union(*(repeated_below(request.DESCRIPTOR, seen) for request in requests))
    assert asked == set(MOST_ENTRIES) | IN_SERVICER


def test_one_entry_too_many_is_refused_with_path_value_and_limit() -> None:
    with pytest.raises(InvalidInput, match=r"fabric\.shape is '9 entries', but it must be at most 8") as caught:
        from_proto(fabric_pb2.Torus(shape=[2] * 9), Torus, path="fabric")
    assert caught.value.field_path == "fabric.shape"


def test_a_union_that_holds_nothing_is_missing() -> None:
    message = fabric_comparison_pb2.EqualCostFabric(spec=fabric_pb2.FabricSpec())
    with pytest.raises(InvalidInput) as caught:
        from_proto(message, EqualCostFabric)
    # kind comes first among what is missing; the empty spec is among it as well
    assert caught.value.reason == "FIELD_REQUIRED"
    filled = fabric_comparison_pb2.EqualCostFabric(kind="torus", spec=fabric_pb2.FabricSpec())
    with pytest.raises(InvalidInput, match="spec is missing"):
        from_proto(filled, EqualCostFabric)


def test_faults_of_a_list_are_cut_off() -> None:
    """A megabyte holds a million entries without content; the first faults are as good as all."""
    read: list[str] = []

    def refuse(_: object, path: str) -> object:
        read.append(path)
        raise missing(path)

    with pytest.raises(SeveralFaults) as caught:
        repeated(Converter(refuse, refuse)).decode([None] * (2 * MOST_FAULTS), "edges")
    assert len(read) == len(caught.value.faults) == MOST_FAULTS
    assert caught.value.faults[0].field_path == "edges[0]"
