"""``grpclib``: gRPC in Python without Google's core, over the pure-Python HTTP/2 of ``h2``."""

import asyncio

import pytest
from google.longrunning import operations_pb2
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo
from grpclib.client import Channel, UnaryStreamMethod, UnaryUnaryMethod
from grpclib.const import Status
from grpclib.encoding.proto import ProtoStatusDetailsCodec
from grpclib.exceptions import GRPCError
from served.create_requests import create_request
from served.running_server import RunningServer
from served.small_scenarios import two_sites

from topodesign.client import Client
from topodesign.v1 import planning_service_pb2 as pb

PLANNING = "/topodesign.v1.PlanningService"


def channel_to(server: RunningServer) -> Channel:
    host, _, port = server.address.rpartition(":")
    return Channel(host, int(port), status_details_codec=ProtoStatusDetailsCodec())


async def made_and_watched(server: RunningServer) -> tuple[str, list[pb.WatchPlanResponse]]:
    async with channel_to(server) as channel:
        create = UnaryUnaryMethod(channel, f"{PLANNING}/CreatePlan", pb.CreatePlanRequest, operations_pb2.Operation)
        watch = UnaryStreamMethod(channel, f"{PLANNING}/WatchPlan", pb.WatchPlanRequest, pb.WatchPlanResponse)
        started = await create(create_request(two_sites(), time_limit_s=60.0), timeout=30)
        metadata = pb.CreatePlanMetadata()
        assert started.metadata.Unpack(metadata)
        return metadata.plan, list(await watch(pb.WatchPlanRequest(name=metadata.plan), timeout=90))


def test_grpclib_makes_a_plan_and_watches_it(server: RunningServer) -> None:
    name, entries = asyncio.run(made_and_watched(server))
    assert [entry.sequence for entry in entries] == list(range(1, len(entries) + 1))
    assert entries[-1].state == pb.PLAN_STATE_SUCCEEDED
    with Client(server.address) as client:
        told = [event.wall_s for event in client.job(name).watch()]
        assert told == [entry.event.wall_s for entry in entries if entry.HasField("event")]
        assert client.get_plan(name).verification.valid


async def refused(server: RunningServer) -> GRPCError:
    async with channel_to(server) as channel:
        create = UnaryUnaryMethod(channel, f"{PLANNING}/CreatePlan", pb.CreatePlanRequest, operations_pb2.Operation)
        with pytest.raises(GRPCError) as caught:
            await create(create_request(two_sites(), gap=-0.5), timeout=30)
        return caught.value


def test_grpclib_gets_the_status_and_its_details(server: RunningServer) -> None:
    error = asyncio.run(refused(server))
    assert error.status is Status.INVALID_ARGUMENT
    info, bad_request = error.details
    assert isinstance(info, ErrorInfo)
    assert (info.reason, info.domain, info.metadata["field_path"]) == ("FIELD_INVALID", "topodesign", "limits.gap")
    assert isinstance(bad_request, BadRequest)
    assert [violation.field for violation in bad_request.field_violations] == ["limits.gap"]
