"""``CatalogService``."""

# ruff: noqa: ARG002, N802 (the names of methods and their parameters are gRPC's)
from __future__ import annotations  # gRPC's types take parameters for type checkers only

import grpc

from topodesign.api import list_accelerators, list_equipment
from topodesign.domain.equipment import KIND_OF
from topodesign.v1 import catalog_pb2, catalog_service_pb2_grpc
from topodesign.v1 import catalog_service_pb2 as pb
from topodesign.wire import equipment_to_proto, kind_from_proto, to_proto
from topodesign_server.paging import Pager


class CatalogServicer(catalog_service_pb2_grpc.CatalogServiceServicer):
    """Lists the catalogue, which is small and in memory: nothing here waits."""

    def __init__(self, pager: Pager) -> None:
        self._pager = pager

    async def ListAccelerators(
        self,
        request: pb.ListAcceleratorsRequest,
        context: grpc.aio.ServicerContext[pb.ListAcceleratorsRequest, pb.ListAcceleratorsResponse],
    ) -> pb.ListAcceleratorsResponse:
        items = list_accelerators()
        part, token = self._pager.part(
            items,
            [item.id for item in items],
            of="accelerators",
            page_size=request.page_size,
            page_token=request.page_token,
        )
        response = pb.ListAcceleratorsResponse(next_page_token=token)
        for item in part:
            message = to_proto(item)
            assert isinstance(message, catalog_pb2.Accelerator)
            response.accelerators.append(message)
        return response

    async def ListEquipment(
        self,
        request: pb.ListEquipmentRequest,
        context: grpc.aio.ServicerContext[pb.ListEquipmentRequest, pb.ListEquipmentResponse],
    ) -> pb.ListEquipmentResponse:
        items = list_equipment(kind=kind_from_proto(request.kind))
        part, token = self._pager.part(
            items,
            [f"{KIND_OF[type(item)]}.{item.id}" for item in items],
            of="equipment",
            page_size=request.page_size,
            page_token=request.page_token,
        )
        return pb.ListEquipmentResponse(equipment=[equipment_to_proto(item) for item in part], next_page_token=token)
