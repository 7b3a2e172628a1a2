"""Large requests to make a job that find the queue full are refused by their first fields, before anything else.

What decides is a few scalars; the rest of the message is skipped. A request that gets a place keeps it from here on, so
that no more are decoded and checked than there is room for: a hundred that come at once leave the processor to the
refusals. Small requests are left to their servicers, which ask for a place first.
"""

import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import cache
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.descriptor import Descriptor
from google.protobuf.message import DecodeError, Message

from topodesign.domain.errors import CapacityError
from topodesign_server.queue_door import QueueDoor

FROM_BYTES = 16 * 1024
"""Smaller requests are decoded and checked in a few milliseconds."""
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

    @asynccontextmanager
    async def place(self, tenant: str, data: bytes) -> AsyncIterator[None]:
        """Keep a place for the job of a request; raises :class:`CapacityError` when there certainly is none.

        What is undecodable, only to be checked, or may repeat an earlier request, is for the servicer to answer.
        """
        head = self._head_of(data)
        if head is None or head.validate_only:
            yield
            return
        async with AsyncExitStack() as places:
            try:
                await places.enter_async_context(self._door.reserved(tenant))
            except CapacityError:
                if not await self._may_be_known(tenant, head.request_id):
                    raise
            yield

    def _head_of(self, data: bytes) -> Any:
        if len(data) < FROM_BYTES:
            return None
        try:
            return self._head.FromString(data)
        except DecodeError:
            return None

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
