"""Calls of ``CatalogService``."""

from topodesign.client.call import Call, pages
from topodesign.domain.equipment import Accelerator, Equipment, EquipmentKind
from topodesign.v1 import catalog_service_pb2 as pb
from topodesign.wire import equipment_from_proto, from_proto, kind_to_proto

SERVICE = "/topodesign.v1.CatalogService"


def list_accelerators() -> Call[tuple[Accelerator, ...]]:
    """The accelerators of the server's catalogue by id, each figure with its origin; prices are indicative."""
    return pages(
        f"{SERVICE}/ListAccelerators",
        pb.ListAcceleratorsResponse,
        pb.ListAcceleratorsRequest(),
        lambda page: [from_proto(item, Accelerator) for item in page.accelerators],
    )


def list_equipment(*, kind: EquipmentKind | None = None) -> Call[tuple[Equipment, ...]]:
    """The equipment of the server's catalogue, or that of one kind; see :func:`topodesign.list_equipment`.

    Raises
    ------
    InvalidInput
        For a kind that there is not (``KIND_UNKNOWN``), with the nearest one.
    """
    return pages(
        f"{SERVICE}/ListEquipment",
        pb.ListEquipmentResponse,
        pb.ListEquipmentRequest(kind=kind_to_proto(kind)),
        lambda page: [equipment_from_proto(item) for item in page.equipment],
    )
