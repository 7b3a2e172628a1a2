"""The same request twice gives the first answer again."""

import uuid
from hashlib import sha256

from google.protobuf.message import Message

from topodesign.domain.errors import InvalidInput


class FirstAnswers:
    """What was made by which request; the caller holds a lock."""

    def __init__(self, method: str) -> None:
        self._method = method
        self._made: dict[str, tuple[bytes, str]] = {}

    def answer(self, request_id: str, request: Message) -> str | None:
        """The id that this request made before.

        Raises
        ------
        InvalidInput
            When ``request_id`` is no UUID, or was used for another request.
        """
        canonical = _canonical(request_id)
        digest, made = self._made.get(canonical, (b"", None))
        if made is not None and digest != _digest(request):
            raise InvalidInput(
                f"request_id {canonical} was used for another {self._method} request; "
                "make a new UUID for a new request",
                reason="REQUEST_ID_REUSED",
                field_path="request_id",
                metadata={"request_id": canonical},
            )
        return made

    def remember(self, request_id: str, request: Message, made: str) -> None:
        self._made[_canonical(request_id)] = (_digest(request), made)


def _canonical(request_id: str) -> str:
    try:
        return str(uuid.UUID(request_id))
    except ValueError:
        raise InvalidInput(
            f"request_id is {request_id[:60]!r}, but it must be a UUID; make one for each new request",
            reason="REQUEST_ID_INVALID",
            field_path="request_id",
            metadata={"value": request_id[:60]},
        ) from None


def _digest(request: Message) -> bytes:
    return sha256(request.SerializeToString(deterministic=True)).digest()
