"""A real server that asks for tokens, and calls of any of its methods by descriptor."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import descriptor_pool, message_factory
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status
from topodesign_server.database import open_beside_server
from topodesign_server.services import SERVICES
from topodesign_server.token_store import TokenRow, TokenStore

from served.running_server import RunningServer
from topodesign.client import Access, Client

PATIENCE_S = 60


class GuardedServer(RunningServer):
    """A server with ``auth``; tokens are made beside it, as its operator does."""

    def __init__(self, data_directory: Path, **settings: Any) -> None:
        self.data_directory = data_directory
        super().__init__(data_directory, auth=True, **settings)

    def new_token(self, tenant: str, *, expire_days: float | None = None) -> tuple[TokenRow, str]:
        database = open_beside_server(self.data_directory)
        try:
            return TokenStore(database).create(tenant, f"test of {tenant}", expire_days=expire_days)
        finally:
            database.close()

    def revoke(self, token_id: str) -> None:
        database = open_beside_server(self.data_directory)
        try:
            TokenStore(database).revoke(token_id)
        finally:
            database.close()

    def client(self, token: str) -> Client:
        return Client(self.address, retry_for_s=0.0, access=Access(token=token))  # a quota is told at once


def all_methods() -> Iterator[MethodDescriptor]:
    """Every method of every service of ours."""
    for service in SERVICES:
        yield from descriptor_pool.Default().FindServiceByName(service).methods


def path_of(method: MethodDescriptor) -> str:
    return f"/{method.containing_service.full_name}/{method.name}"


def new_request(method: MethodDescriptor, **fields: Any) -> Any:
    return message_factory.GetMessageClass(method.input_type)(**fields)


def call(
    channel: grpc.Channel,
    method: MethodDescriptor,
    request: Message,
    *,
    token: str | None = None,
    metadata: Sequence[tuple[str, str]] = (),
) -> list[Any]:
    """The messages that a method answers; raises what gRPC does."""
    answer = message_factory.GetMessageClass(method.output_type)
    coding = (path_of(method), type(request).SerializeToString, answer.FromString)
    carried = (*metadata, *((("authorization", f"Bearer {token}"),) if token is not None else ()))
    if method.server_streaming:
        return list(channel.unary_stream(*coding)(request, timeout=PATIENCE_S, metadata=carried))
    return [channel.unary_unary(*coding)(request, timeout=PATIENCE_S, metadata=carried)]


def reason_of(error: grpc.RpcError) -> ErrorInfo:
    """The one ``ErrorInfo`` of a status."""
    (raw,) = [value for key, value in error.trailing_metadata() if key == "grpc-status-details-bin"]
    found = [detail for detail in Status.FromString(raw).details if detail.Is(ErrorInfo.DESCRIPTOR)]
    (packed,) = found
    info = ErrorInfo()
    packed.Unpack(info)
    return info
