"""``FabricService``: the same answers as the library's, refusals with reason and path, bounded work."""

from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from served.running_server import RunningServer
from topodesign_server.fabric_effort import MOST_SMALL_PORTS, ports_at_most

from topodesign.client import Client
from topodesign.client.failure import failure_of
from topodesign.domain.errors import CapacityError, InvalidInput
from topodesign.domain.fabric import Clos, FabricSpec, Torus
from topodesign.domain.fabric_bill import BillOptions, SparesRule
from topodesign.domain.fabric_conditions import FabricConditions, LatencyInputs, LoadInputs
from topodesign.domain.fabric_failures import FailureSpec
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
from topodesign.fabric import (
    compare_at_equal_cost,
    compare_at_equal_size,
    compare_fabrics,
    evaluate_fabric,
    fabrics_for_budget,
    failure_report,
    price_fabric,
    slice_goodput,
)
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


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """Its own: who answers which call is looked at here."""
    with RunningServer(tmp_path_factory.mktemp("fabrics")) as running:
        yield running


def test_fabrics_of_every_kind_are_evaluated_as_the_library_does(client: Client) -> None:
    assert client.compare_fabrics(ONE_OF_EACH) == tuple(evaluate_fabric(spec) for spec in ONE_OF_EACH)
    assert client.evaluate_fabric(ONE_OF_EACH[0]) == evaluate_fabric(ONE_OF_EACH[0])


# no value is a default, so that a field that gets lost changes the answer
CONDITIONS = FabricConditions(
    latency=LatencyInputs(
        adapter_ns=700, direct_hop_ns=300, cable_ns_per_m=5, message_bytes=1e6, store_and_forward=True
    ),
    load=LoadInputs(
        utilization=0.3, efficiency=0.8, packet_bytes=512, flows_per_accelerator=2, step_s=0.01, wanted_share=0.9
    ),
    in_network_reduction=True,
    in_network_efficiency=0.74,
)
BILL = BillOptions(
    adapters="in_total", spares="in_total", spares_rule=SparesRule(lead_time_days=90, service_level=0.999)
)
FAILURES = FailureSpec.parse("switch=1,link=2%;host=each", samples=5, seed=3, accelerators_per_host=4)
SMALL_CLOS = Clos(accelerators=64, radix=16)


def test_conditions_failures_and_bill_are_those_of_the_library(client: Client) -> None:
    asked = {"message_bytes": 5e8, "conditions": CONDITIONS, "failures": FAILURES, "bill": BILL}
    found = client.evaluate_fabric(SMALL_CLOS, **asked)  # type: ignore[arg-type]
    assert found == evaluate_fabric(SMALL_CLOS, **asked)  # type: ignore[arg-type]
    assert found.failures == failure_report(SMALL_CLOS, FAILURES) == client.failure_report(SMALL_CLOS, FAILURES)
    assert found.bill == price_fabric(SMALL_CLOS, options=BILL) == client.price_fabric(SMALL_CLOS, options=BILL)
    assert client.price_fabric(SMALL_CLOS) == price_fabric(SMALL_CLOS)
    assert found.cost_usd == found.bill.cost_usd > evaluate_fabric(SMALL_CLOS).cost_usd


def test_comparisons_on_every_basis_are_those_of_the_library(client: Client) -> None:
    kinds, asked = ("torus", "clos"), {"message_bytes": 5e8, "conditions": CONDITIONS}
    assert client.compare_fabrics([SMALL_CLOS], **asked) == compare_fabrics(  # type: ignore[arg-type]
        [SMALL_CLOS],
        **asked,  # type: ignore[arg-type]
    )
    size = {"accelerators": 64, "link_gbps": 200.0, **asked}
    assert client.compare_at_equal_size((*kinds, "slimfly"), **size) == compare_at_equal_size(  # type: ignore[arg-type]
        (*kinds, "slimfly"),
        **size,  # type: ignore[arg-type]
    )
    cost = {**size, "usd_per_accelerator": 3000.0, "options": BILL}
    assert client.compare_at_equal_cost(kinds, **cost) == compare_at_equal_cost(kinds, **cost)  # type: ignore[arg-type]
    money = {"budget_usd": 3e5, "accelerator_usd": 1000.0, "link_gbps": 200.0, "options": BILL, **asked}
    assert client.fabrics_for_budget(kinds, **money) == fabrics_for_budget(kinds, **money)  # type: ignore[arg-type]


def test_a_target_that_is_not_given_is_that_of_the_cheapest_kind(client: Client) -> None:
    found = client.compare_at_equal_cost(("clos", "torus"), accelerators=128)
    assert found == compare_at_equal_cost(("clos", "torus"), accelerators=128)
    assert found.target_of == "the plain torus of this size"


def test_goodput_of_slices_is_that_of_the_library(client: Client) -> None:
    pod = {"blocks": 64, "hosts_per_block": 16, "slice_blocks": 32, "host_availability": 0.99}
    assert client.slice_goodput(**pod) == slice_goodput(**pod)  # type: ignore[arg-type]


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
    error = failure_of(caught.value, target="the test").error
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
    with pytest.raises(InvalidInput, match="vertices is 5500000") as caught:
        client.evaluate_fabric(Jellyfish(switches=500_000, network_ports=4, server_ports=10))
    assert caught.value.field_path == "fabric.jellyfish"


def test_an_evaluation_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    # one slot: were the long evaluation still running, the second call could not be answered
    settings = {"fabric_limit_s": 4.0, "call_slots": 1}
    long = Jellyfish(switches=35_000, network_ports=19, server_ports=5)
    with RunningServer(tmp_path, **settings) as server, Client(server.address, timeout_s=60) as client:
        with pytest.raises(CapacityError, match=r"longer than the 4 s") as caught:
            client.evaluate_fabric(long)
        assert caught.value.reason == "CALL_TOO_LONG"
        assert client.evaluate_fabric(Torus(shape=(4, 4))).accelerators == 16


def test_small_fabrics_share_a_child_and_large_ones_have_their_own(server: RunningServer, client: Client) -> None:
    def pid_of(fabric: Torus | Clos) -> str:
        seen = len(server.lines)
        client.evaluate_fabric(fabric)
        line = next(line for line in server.lines[seen:] if '"event": "call"' in line)
        return line.rpartition('"pid": ')[2].split(",")[0]

    small = pid_of(Torus(shape=(2, 3, 4)))
    assert pid_of(Torus(shape=(2, 3, 5))) == small
    large = Clos(accelerators=8192)
    assert ports_at_most(large) > MOST_SMALL_PORTS
    assert pid_of(large) != small
    assert pid_of(Torus(shape=(2, 3, 6))) == small
