"""``FabricService``: the same answers as the library's, refusals with reason and path, bounded work."""

from pathlib import Path

import grpc
import pytest
from served.running_server import RunningServer

from topodesign.client import Client
from topodesign.client.connection import as_domain_error
from topodesign.domain.errors import CapacityError, InvalidInput
from topodesign.domain.fabric import Clos, FabricSpec, Torus
from topodesign.domain.fabric_kinds import HammingMesh, Hypercube, HyperX, ReconfigurableTorus
from topodesign.domain.fabric_switched import (
    DirectBlocks,
    Dragonfly,
    DragonflyPlus,
    Edge,
    EdgeList,
    Jellyfish,
    ScaleUpClos,
    SlimFly,
)
from topodesign.fabric import evaluate_fabric
from topodesign.v1 import fabric_kinds_pb2 as kinds_pb
from topodesign.v1 import fabric_pb2, fabric_service_pb2, fabric_service_pb2_grpc

ONE_OF_EACH: tuple[FabricSpec, ...] = (
    Torus(shape=(4, 4, 4)),
    Torus(shape=(4, 4, 8), twist=True),
    ReconfigurableTorus(shape=(4, 4, 8)),
    Hypercube(dimension=5),
    HyperX(shape=(4, 6)),
    HammingMesh(board=(2, 2), shape=(3, 4)),
    Clos(accelerators=64, radix=16),
    ScaleUpClos(accelerators=144),
    Dragonfly(p=2, a=4, h=2),
    DragonflyPlus(p=2, leaves=2, spines=2, h=2),
    DirectBlocks(blocks=4, p=4, leaves=4, aggregations=4, h=4),
    SlimFly(q=5),
    Jellyfish(switches=20, network_ports=4, server_ports=2, seed=1),
    EdgeList(accelerators=("a", "b", "c"), edges=(Edge(a="a", z="s"), Edge(a="b", z="s", count=2, gbps=800.0))),
)


def test_fabrics_of_every_kind_are_evaluated_as_the_library_does(client: Client) -> None:
    assert client.compare_fabrics(ONE_OF_EACH) == tuple(evaluate_fabric(spec) for spec in ONE_OF_EACH)
    assert client.evaluate_fabric(ONE_OF_EACH[0]) == evaluate_fabric(ONE_OF_EACH[0])


def test_an_edge_list_that_is_apart_is_answered_as_such(client: Client) -> None:
    found = client.evaluate_fabric(ONE_OF_EACH[-1])
    # c has no link: 4 of the 6 ordered pairs of three accelerators have no path
    assert (found.disconnected_pairs, found.bisection.gbps, found.allreduce_s) == (4, 0.0, float("inf"))


def refusal(server: RunningServer, *fabrics: fabric_pb2.FabricSpec) -> InvalidInput:
    """The error of a comparison; sent as messages, since the client's own specs refuse first."""
    request = fabric_service_pb2.CompareFabricsRequest(fabrics=fabrics)
    with grpc.insecure_channel(server.address) as channel, pytest.raises(grpc.RpcError) as caught:
        fabric_service_pb2_grpc.FabricServiceStub(channel).CompareFabrics(request)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    error = as_domain_error(caught.value)
    assert isinstance(error, InvalidInput)
    return error


def test_a_fabric_that_cannot_be_is_refused_with_its_path(server: RunningServer) -> None:
    sound = fabric_pb2.FabricSpec(torus=fabric_pb2.Torus(shape=[4]))
    odd = fabric_pb2.FabricSpec(clos=fabric_pb2.Clos(accelerators=8, radix=7))
    assert refusal(server, sound, odd).field_path == "fabrics[1].clos.radix"


@pytest.mark.parametrize(
    ("spec", "reason", "path"),
    [
        ({"clos": fabric_pb2.Clos(accelerators=8, radix=0)}, "FIELD_INVALID", "clos.radix"),
        ({"clos": fabric_pb2.Clos(accelerators=10**9)}, "FIELD_INVALID", "clos.accelerators"),
        ({"torus": fabric_pb2.Torus(shape=[4, 0])}, "FIELD_INVALID", "torus.shape"),
        ({"slimfly": kinds_pb.SlimFly(q=6)}, "FABRIC_NOT_PRIME_POWER", "slimfly.q"),
        ({"hypercube": kinds_pb.Hypercube(dimension=60)}, "FIELD_INVALID", "hypercube.dimension"),
        (
            {"custom": kinds_pb.EdgeList(accelerators=["a"], edges=[kinds_pb.Edge(a="a", z="a")])},
            "FABRIC_SELF_LOOP",
            "custom.edges[0]",
        ),
        ({}, "FIELD_REQUIRED", ""),
    ],
    ids=["radix 0", "10^9 accelerators", "side of 0", "no prime power", "2^60", "self-loop", "no kind"],
)
def test_malice_is_refused_with_reason_and_path(
    spec: dict[str, object], reason: str, path: str, server: RunningServer
) -> None:
    error = refusal(server, fabric_pb2.FabricSpec(**spec))  # type: ignore[arg-type]
    assert error.field_path == ".".join(part for part in ("fabrics[0]", path) if part)
    assert error.reason == reason


def test_a_graph_beyond_what_is_searched_is_refused(client: Client) -> None:
    with pytest.raises(InvalidInput, match="vertices is 5500000"):
        client.evaluate_fabric(Jellyfish(switches=500_000, network_ports=4, server_ports=10))


def test_an_evaluation_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    # one slot: were the long evaluation still running, the second call could not be answered
    settings = {"fabric_limit_s": 4.0, "call_slots": 1}
    long = Jellyfish(switches=35_000, network_ports=19, server_ports=5)
    with RunningServer(tmp_path, **settings) as server, Client(server.address, timeout_s=60) as client:
        with pytest.raises(CapacityError, match=r"longer than the 4 s") as caught:
            client.evaluate_fabric(long)
        assert caught.value.reason == "CALL_TOO_LONG"
        assert client.evaluate_fabric(Torus(shape=(4, 4))).accelerators == 16
