"""Requests to make a job that find the queue full are refused by their first fields, before they are decoded.

Decoding a scenario of 300 kB takes 7 ms of the event loop: a hundred that come at once would have their refusals wait
for most of a second. What decides is a few scalars; the rest of the message is skipped, which takes a tenth of a
millisecond. Small requests are left to their servicers: they are decoded as quickly.
"""

import uuid
from functools import cache
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.descriptor import Descriptor
from google.protobuf.message import DecodeError, Message

from topodesign.domain.errors import CapacityError
from topodesign_server.queue_door import QueueDoor

FROM_BYTES = 16 * 1024
"""Smaller requests are decoded in less than half a millisecond."""
SCALARS = ("request_id", "validate_only")


class EarlyRefusal:
    """Refuses large requests of one method while the queue has no room.

    Parameters
    ----------
    method : str
        As request ids are kept under it: ``CreatePlan``.
    request : Descriptor
        Of its request, which has ``request_id`` and ``validate_only``.
    """

    def __init__(self, door: QueueDoor, method: str, request: Descriptor) -> None:
        self._door = door
        self._method = method
        self._head = head_of(request)

    async def require_room(self, tenant: str, data: bytes) -> None:
        """Raise :class:`CapacityError` for a request of a tenant that certainly finds no place.

        What is undecodable, only to be checked, or may repeat an earlier request, is for the servicer to answer.
        """
        if len(data) < FROM_BYTES:
            return
        try:
            head: Any = self._head.FromString(data)
        except DecodeError:
            return
        if head.validate_only:
            return
        try:
            await self._door.require_room(tenant)
        except CapacityError:
            if not await self._may_be_known(tenant, head.request_id):
                raise

    async def _may_be_known(self, tenant: str, request_id: str) -> bool:
        if not request_id:
            return False
        try:
            canonical = str(uuid.UUID(request_id))
        except ValueError:  # the servicer says what is wrong with it
            return True
        return await self._door.was_asked(tenant, self._method, canonical)


@cache
def head_of(request: Descriptor) -> type[Message]:
    """A message with nothing of a request but its :data:`SCALARS`: whatever else comes is an unknown field."""
    file = descriptor_pb2.FileDescriptorProto(name=f"{request.full_name}.head", package="head", syntax="proto3")
    head = file.message_type.add(name=request.name)
    for name in SCALARS:
        field = request.fields_by_name[name]
        head.field.add(name=name, number=field.number, type=field.type, label=field.LABEL_OPTIONAL)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"head.{request.name}"))
