"""The client's calls of ``CatalogService``."""

from topodesign.client.connection import Connection
from topodesign.domain.equipment import Accelerator, Equipment, EquipmentKind
from topodesign.v1 import catalog_service_pb2
from topodesign.v1.catalog_service_pb2_grpc import CatalogServiceStub
from topodesign.wire import equipment_from_proto, from_proto, kind_to_proto


class CatalogCalls:
    """The equipment of a server's catalogue."""

    _connection: Connection

    def list_accelerators(self) -> tuple[Accelerator, ...]:
        """The accelerators of the server's catalogue by id, each figure with its origin; prices are indicative."""
        pages = self._connection.pages(self._catalog().ListAccelerators, catalog_service_pb2.ListAcceleratorsRequest())
        return tuple(from_proto(item, Accelerator) for page in pages for item in page.accelerators)

    def list_equipment(self, *, kind: EquipmentKind | None = None) -> tuple[Equipment, ...]:
        """The equipment of the server's catalogue, or that of one kind; see :func:`topodesign.list_equipment`.

        Raises
        ------
        InvalidInput
            For a kind that there is not (``KIND_UNKNOWN``), with the nearest one.
        """
        request = catalog_service_pb2.ListEquipmentRequest(kind=kind_to_proto(kind))
        pages = self._connection.pages(self._catalog().ListEquipment, request)
        return tuple(equipment_from_proto(item) for page in pages for item in page.equipment)

    def _catalog(self) -> CatalogServiceStub:
        return CatalogServiceStub(self._connection.channel)
