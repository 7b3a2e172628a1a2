"""Links and modes over a real connection: the library's answers, page by page, and errors by reason and field."""

import asyncio
from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo
from google.rpc.status_pb2 import Status
from served.running_server import RunningServer
from topodesign_server.offloading import Offloader
from topodesign_server.optics_servicer import OpticsServicer
from topodesign_server.paging import Pager

import topodesign as td
from topodesign.client import Client
from topodesign.client.failure import DETAILS_KEY
from topodesign.domain.errors import TopoDesignError
from topodesign.v1 import optics_pb2, optics_service_pb2_grpc
from topodesign.v1 import optics_service_pb2 as pb

WRONG_LINKS: dict[str, tuple[dict[str, Any], str, str]] = {
    "zero": ({"length_km": 0.0}, "FIELD_INVALID", "length_km"),
    "negative": ({"length_km": -5.0}, "FIELD_INVALID", "length_km"),
    "not a number": ({"length_km": float("nan")}, "FIELD_INVALID", "length_km"),
    "100,000 km": ({"length_km": 1e5}, "FIELD_INVALID", "length_km"),
    "unknown fiber": ({"length_km": 80.0, "fiber": "glass"}, "EQUIPMENT_UNKNOWN", "fiber"),
    "no such rate": ({"length_km": 80.0, "rate_gbps": 555.0}, "MODES_EMPTY", "rate_gbps"),
    "beyond the amplifiers": ({"length_km": 80.0, "launch_dbm": 8.0}, "FIELD_INVALID", "launch_dbm"),
    "spans that do not add up": ({"length_km": 160.0, "spans_km": (80.0, 70.0)}, "FIELD_INVALID", "spans_km"),
    "one endless span": ({"length_km": 4e4, "spans_km": (80.0, 39_920.0)}, "FIELD_INVALID", "spans_km[1]"),
    "1001 spans": ({"length_km": 1001.0, "spans_km": (1.0,) * 1001}, "FIELD_INVALID", "spans_km"),
    "10,001 channels": ({"length_km": 80.0, "channels": 10_001}, "FIELD_INVALID", "channels"),
    "channels that overlap": ({"length_km": 80.0, "grid_ghz": 50.0}, "FIELD_INVALID", "grid_ghz"),
}


@pytest.fixture
def stub(server: RunningServer) -> Iterator[optics_service_pb2_grpc.OpticsServiceStub]:
    with grpc.insecure_channel(server.address) as channel:
        yield optics_service_pb2_grpc.OpticsServiceStub(channel)


def refusal(call: Any, request: Any) -> tuple[grpc.StatusCode, ErrorInfo, BadRequest]:
    """What a call is refused with."""
    with pytest.raises(grpc.RpcError) as caught:
        call(request)
    error: Any = caught.value
    status = Status.FromString(dict(error.trailing_metadata())[DETAILS_KEY])
    info, bad_request = ErrorInfo(), BadRequest()
    for detail in status.details:
        detail.Unpack(info)
        detail.Unpack(bad_request)
    return error.code(), info, bad_request


@pytest.mark.parametrize(
    "request_of",
    [
        td.LinkRequest(length_km=500.0),
        td.LinkRequest(length_km=640, capacity_gbps=1e6),
        td.LinkRequest(length_km=215, spans_km=(80, 75, 60), fiber="g654e", rate_gbps=400, margin_db=1.0),
        td.LinkRequest(length_km=480, channels=64, launch_dbm=0.0, noise_figure_db=5.0, connector_db=0.0),
        td.LinkRequest(length_km=20_000, spans_km=(100.0,) * 200, capacity_gbps=1000),  # no mode fits
    ],
    ids=lambda link: f"{link.length_km:g} km of {link.fiber}",
)
def test_a_link_is_designed_as_the_library_does(client: Client, request_of: td.LinkRequest) -> None:
    assert client.design_link(request_of) == td.design_link(request_of)


def test_a_link_may_be_asked_for_by_length_and_fields(client: Client) -> None:
    assert client.design_link(333.3, fiber="hollow_core") == td.design_link(333.3, fiber="hollow_core")


@pytest.mark.parametrize("name", WRONG_LINKS)
def test_a_wrong_link_is_refused_with_reason_and_field(
    stub: optics_service_pb2_grpc.OpticsServiceStub, name: str
) -> None:
    fields, reason, path = WRONG_LINKS[name]
    code, info, bad_request = refusal(stub.DesignLink, pb.DesignLinkRequest(**fields))
    assert code in (grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.NOT_FOUND)
    assert (info.domain, info.reason) == ("topodesign", reason)
    assert [(item.field, item.reason) for item in bad_request.field_violations] == [(path, reason)]
    with pytest.raises(TopoDesignError) as local:
        td.design_link(**fields)
    assert (local.value.reason, local.value.field_path) == (reason, path)
    assert bad_request.field_violations[0].description == local.value.message


@pytest.mark.parametrize("fields", [{"fiber": "glass"}, {"launch_dbm": 8.0}, {"rate_gbps": 555.0}])
def test_the_client_raises_what_the_library_raises(client: Client, fields: dict[str, Any]) -> None:
    with pytest.raises(TopoDesignError) as local:
        td.design_link(80, **fields)
    with pytest.raises(TopoDesignError) as served:
        client.design_link(80, **fields)
    assert type(served.value) is type(local.value)
    for part in ("message", "reason", "field_path", "metadata"):
        assert getattr(served.value, part) == getattr(local.value, part)


def test_a_link_without_a_length_is_refused(stub: optics_service_pb2_grpc.OpticsServiceStub) -> None:
    code, info, bad_request = refusal(stub.DesignLink, pb.DesignLinkRequest())
    assert (code, info.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "FIELD_REQUIRED")
    assert [item.field for item in bad_request.field_violations] == ["length_km"]


def test_links_are_not_computed_on_the_event_loop() -> None:
    largest = pb.DesignLinkRequest(length_km=40_000, spans_km=[40.0] * 1000, channels=10_000)

    async def designs() -> list[optics_pb2.LinkDesign]:
        offload = Offloader(threads=2)
        servicer = OpticsServicer(Pager(b"key"), offload)
        context: Any = None  # no answer depends on it
        calls = [asyncio.create_task(servicer.DesignLink(largest, context)) for _ in range(4)]
        await asyncio.sleep(0)  # every call takes its first step; one that computed in it would be done
        assert not any(call.done() for call in calls)
        found = await asyncio.gather(*calls)
        offload.close()
        return found

    first, *others = asyncio.run(designs())
    assert len(first.spans) == 1000
    assert all(other == first for other in others)


def test_millions_of_spans_are_refused_by_their_number(server: RunningServer) -> None:
    millions = pb.DesignLinkRequest(length_km=40_000, spans_km=[0.005] * 8_000_000)  # 64 MB: as many as a message holds
    with grpc.insecure_channel(server.address, options=(("grpc.max_send_message_length", -1),)) as channel:
        stub = optics_service_pb2_grpc.OpticsServiceStub(channel)
        _, info, bad_request = refusal(stub.DesignLink, millions)
    assert (info.reason, info.metadata["value"]) == ("FIELD_INVALID", "8000000")
    assert [item.field for item in bad_request.field_violations] == ["spans_km"]


def test_modes_are_listed_as_the_library_does(client: Client) -> None:
    assert client.list_modes() == td.list_modes()
    assert client.list_modes(rate_gbps=400) == td.list_modes(rate_gbps=400)
    assert client.list_modes(rate_gbps=555) == ()


@pytest.mark.parametrize("size", [1, 2, 3, 1000])
def test_pages_of_any_size_hold_every_mode_once_and_in_order(
    stub: optics_service_pb2_grpc.OpticsServiceStub, size: int
) -> None:
    ids: list[str] = []
    token = ""
    while True:
        page = stub.ListModes(pb.ListModesRequest(page_size=size, page_token=token))
        assert 1 <= len(page.modes) <= size
        ids.extend(mode.id for mode in page.modes)
        token = page.next_page_token
        if not token:
            break
        assert len(page.modes) == size
    assert ids == [mode.id for mode in td.list_modes()]


def test_pages_that_end_with_the_list_have_no_token(stub: optics_service_pb2_grpc.OpticsServiceStub) -> None:
    page = stub.ListModes(pb.ListModesRequest(page_size=len(td.list_modes())))
    assert (len(page.modes), page.next_page_token) == (len(td.list_modes()), "")


def test_modes_carry_figures_with_source_date_and_confidence(stub: optics_service_pb2_grpc.OpticsServiceStub) -> None:
    modes = {mode.id: mode for mode in stub.ListModes(pb.ListModesRequest(rate_gbps=400)).modes}
    origin = modes["zr-400"].origins["baud_gbd"]
    assert modes["zr-400"].baud_gbd == 59.84375
    assert (origin.source, origin.date) == ("OIF-400ZR-01.0: 478.75 Gbit/s / 8", "2020-03")
    assert origin.confidence == optics_pb2.CONFIDENCE_HIGH


@pytest.mark.parametrize(
    ("fields", "reason", "path"),
    [
        ({"rate_gbps": 0.0}, "FIELD_INVALID", "rate_gbps"),
        ({"rate_gbps": float("nan")}, "FIELD_INVALID", "rate_gbps"),
        ({"page_size": -1}, "FIELD_INVALID", "page_size"),
        ({"page_token": "bm90IG91cnM="}, "PAGE_TOKEN_INVALID", "page_token"),
    ],
)
def test_a_wrong_page_is_refused_with_reason_and_field(
    stub: optics_service_pb2_grpc.OpticsServiceStub, fields: dict[str, Any], reason: str, path: str
) -> None:
    code, info, bad_request = refusal(stub.ListModes, pb.ListModesRequest(**fields))
    assert (code, info.domain, info.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "topodesign", reason)
    assert [item.field for item in bad_request.field_violations] == [path]


def test_a_token_is_for_the_list_that_it_was_given_for(stub: optics_service_pb2_grpc.OpticsServiceStub) -> None:
    token = stub.ListModes(pb.ListModesRequest(page_size=1, rate_gbps=400)).next_page_token
    assert token
    _, info, _ = refusal(stub.ListModes, pb.ListModesRequest(page_size=1, page_token=token))
    assert info.reason == "PAGE_TOKEN_INVALID"
