"""Resource names and ids: ``scenarios/{id}``, ``plans/{id}``, ``operations/{id}``."""

import re
import uuid
from dataclasses import dataclass
from hashlib import sha256

from google.protobuf.message import Message

from topodesign.domain.errors import InvalidInput
from topodesign_server.offloading import Offloader

DIGEST_AT_ONCE_BYTES = 64 * 1024
"""Larger requests are serialized and hashed on a thread (4 MB take 27 ms)."""
ID_PATTERN = re.compile(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?")


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestKey:
    """What makes a repetition recognizable: tenant, method, the caller's UUID, and a digest of the whole request."""

    tenant: str
    method: str
    request_id: str
    digest: bytes


def parse_name(name: str, collection: str, *, field: str = "name") -> str:
    """The id in ``{collection}/{id}``; raises :class:`InvalidInput` for any other form."""
    head, slash, item_id = name.partition("/")
    if head != collection or not slash or ID_PATTERN.fullmatch(item_id) is None:
        raise InvalidInput(
            f"{field} is {name[:120]!r}, but it must be {collection}/ and an id of lower-case letters, digits and "
            "hyphens; use the name that the service gave",
            reason="NAME_INVALID",
            field_path=field,
            metadata={"value": name[:120]},
        )
    return item_id


def chosen_id(wanted: str, *, field: str, prefix: str) -> str:
    """The caller's id when it is well-formed, or a new one when there is none."""
    if not wanted:
        return f"{prefix}-{uuid.uuid4().hex}"
    if ID_PATTERN.fullmatch(wanted) is None:
        raise InvalidInput(
            f"{field} is {wanted[:120]!r}, but it must be a lower-case letter, then up to 62 lower-case letters, "
            "digits or hyphens, the last no hyphen; choose another or leave it out",
            reason="ID_INVALID",
            field_path=field,
            metadata={"value": wanted[:120]},
        )
    return wanted


async def request_key(
    tenant: str, method: str, request: Message, request_id: str, *, offload: Offloader
) -> RequestKey | None:
    """The key of a request, ``None`` when it has no ``request_id``; raises :class:`InvalidInput` for no UUID."""
    if not request_id:
        return None
    try:
        canonical = str(uuid.UUID(request_id))
    except ValueError:
        raise InvalidInput(
            f"request_id is {request_id[:60]!r}, but it must be a UUID; make one for each new request",
            reason="REQUEST_ID_INVALID",
            field_path="request_id",
            metadata={"value": request_id[:60]},
        ) from None
    digest = _digest(request) if request.ByteSize() <= DIGEST_AT_ONCE_BYTES else await offload(_digest, request)
    return RequestKey(tenant=tenant, method=method, request_id=canonical, digest=digest)


def _digest(request: Message) -> bytes:
    return sha256(request.SerializeToString(deterministic=True)).digest()
