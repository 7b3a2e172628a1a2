"""``OpticsService``."""

# ruff: noqa: ARG002, N802 (the names of methods and their parameters are gRPC's)
from __future__ import annotations  # gRPC's types take parameters for type checkers only

from collections.abc import Sequence

import grpc

# Loaded when the server starts, so that no call waits for numpy.
import topodesign.optics.link_design
import topodesign.optics.mode_list  # noqa: F401
from topodesign.api import design_link, list_modes
from topodesign.domain.equipment import TransceiverMode
from topodesign.domain.link import LinkRequest
from topodesign.v1 import optics_pb2, optics_service_pb2_grpc
from topodesign.v1 import optics_service_pb2 as pb
from topodesign.wire import from_proto, to_proto
from topodesign_server.fair_threads import FairOffloader
from topodesign_server.paging import Pager


class OpticsServicer(optics_service_pb2_grpc.OpticsServiceServicer):
    """Designs links on threads: the largest request takes tens of milliseconds, less than a child would to start."""

    def __init__(self, pager: Pager, offload: FairOffloader) -> None:
        self._pager = pager
        self._offload = offload

    async def DesignLink(
        self,
        request: pb.DesignLinkRequest,
        context: grpc.aio.ServicerContext[pb.DesignLinkRequest, optics_pb2.LinkDesign],
    ) -> optics_pb2.LinkDesign:
        return await self._offload(read_and_design, request)

    async def ListModes(
        self,
        request: pb.ListModesRequest,
        context: grpc.aio.ServicerContext[pb.ListModesRequest, pb.ListModesResponse],
    ) -> pb.ListModesResponse:
        modes = asked_modes(request)
        part, token = self._pager.part(
            modes,
            [mode.id for mode in modes],
            of="modes",
            page_size=request.page_size,
            page_token=request.page_token,
        )
        response = pb.ListModesResponse(next_page_token=token)
        for mode in part:
            message = to_proto(mode)
            assert isinstance(message, optics_pb2.TransceiverMode)
            response.modes.append(message)
        return response


def asked_modes(request: pb.ListModesRequest) -> Sequence[TransceiverMode]:
    """The modes of the rate that a request asks for, or all."""
    return list_modes(rate_gbps=request.rate_gbps if request.HasField("rate_gbps") else None)


def read_and_design(request: pb.DesignLinkRequest) -> optics_pb2.LinkDesign:
    design = to_proto(design_link(from_proto(request, LinkRequest)))
    assert isinstance(design, optics_pb2.LinkDesign)
    return design
