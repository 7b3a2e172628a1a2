"""Direct fabrics of a wanted size, and answers that name the nearest sizes."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from topodesign.domain.errors import InvalidInput
from topodesign.domain.fabric import FabricSpec, HammingMesh, Hypercube, HyperX, ReconfigurableTorus, Torus
from topodesign.fabric import compare_fabrics, fabric_kinds, fabric_of_size
from topodesign.fabric.families import topology_of

DIRECT = ("hammingmesh", "hypercube", "hyperx", "reconfigurable-torus", "twisted-torus")


@pytest.mark.parametrize(
    ("kind", "accelerators", "spec"),
    [
        ("twisted-torus", 128, Torus(shape=(4, 4, 8), twist=True)),
        ("twisted-torus", 256, Torus(shape=(4, 8, 8), twist=True)),
        ("reconfigurable-torus", 4096, ReconfigurableTorus(shape=(16, 16, 16), pod_blocks=64)),
        ("reconfigurable-torus", 32, ReconfigurableTorus(shape=(2, 4, 4))),
        # 144 blocks need 288 usable ports: 128 doubled twice, and 8 spare
        ("reconfigurable-torus", 9216, ReconfigurableTorus(shape=(16, 24, 24), pod_blocks=144, ocs_ports=520)),
        ("hypercube", 1024, Hypercube(dimension=10)),
        ("hypercube", 1, Hypercube(dimension=0)),
        ("hyperx", 4096, HyperX(shape=(16, 16, 16))),
        ("hammingmesh", 1024, HammingMesh(board=(2, 2), shape=(16, 16))),
    ],
)
def test_a_size_that_is_possible_is_met_exactly(kind: str, accelerators: int, spec: FabricSpec) -> None:
    found = fabric_of_size(kind, accelerators)
    assert found == spec
    assert topology_of(found).accelerators == accelerators


@pytest.mark.parametrize(
    ("kind", "accelerators", "nearest"),
    [
        ("twisted-torus", 4096, "4,000 or 4,394"),
        ("twisted-torus", 5, "nearest sizes are 16"),
        ("reconfigurable-torus", 100, "64 or 128"),
        ("reconfigurable-torus", 3, "2 or 4"),
        ("reconfigurable-torus", 1_000_000, "nearest sizes are 130,816"),
        ("hypercube", 1_000_000, "524,288 or 1,048,576"),
        ("hypercube", 10_000_000, "nearest sizes are 8,388,608"),
        # 9,999,991 is prime; 9,999,992 to ..4 have prime factors above 4,096
        ("hyperx", 9_999_991, "9,999,990 or 9,999,995"),
        ("hammingmesh", 1023, "1,020 or 1,024"),
        ("hammingmesh", 1, "nearest sizes are 4"),
    ],
)
def test_a_size_that_is_impossible_is_answered_with_the_nearest(kind: str, accelerators: int, nearest: str) -> None:
    with pytest.raises(InvalidInput, match=nearest) as raised:
        fabric_of_size(kind, accelerators)
    assert raised.value.reason == "FABRIC_SIZE_IMPOSSIBLE"


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(DIRECT), st.integers(1, 3000))
def test_any_size_is_met_or_the_nearest_ones_are(kind: str, accelerators: int) -> None:
    try:
        spec = fabric_of_size(kind, accelerators)
    except InvalidInput as refused:
        for size in refused.metadata["nearest"].split(","):
            assert topology_of(fabric_of_size(kind, int(size))).accelerators == int(size)
    else:
        assert topology_of(spec).accelerators == accelerators


def test_all_direct_kinds_are_compared_at_equal_size() -> None:
    # 16384 = 4 x 16^3 = 2^14 = 256 blocks of 64
    assert set(DIRECT) <= set(fabric_kinds())
    found = compare_fabrics([fabric_of_size(kind, 16_384) for kind in DIRECT])
    assert {evaluation.accelerators for evaluation in found} == {16_384}
    for evaluation in found:
        assert evaluation.bisection.lower_gbps <= evaluation.bisection.upper_gbps
        assert evaluation.alltoall.exact
        assert 0 < evaluation.latency_us.min <= evaluation.latency_us.mean <= evaluation.latency_us.max
