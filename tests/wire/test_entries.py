"""Lists and unions that hold too much or nothing."""

import pytest

from topodesign.domain.errors import InvalidInput
from topodesign.domain.fabric_comparison import EqualCostFabric
from topodesign.v1 import fabric_comparison_pb2, fabric_pb2
from topodesign.wire import from_proto
from topodesign.wire.values import MOST_FAULTS, Converter, SeveralFaults, missing, repeated


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
