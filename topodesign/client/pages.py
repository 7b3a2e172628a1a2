"""Collects the messages of an answer that may come in pages."""

from typing import Generic, TypeVar

from google.protobuf.message import Message

from topodesign.client.call import Call

R = TypeVar("R")


class Pages(Generic[R]):
    """What was answered to a call so far, and the request for what is missing."""

    def __init__(self, call: Call[R]) -> None:
        self._call = call
        self._messages: list[Message] = []
        self._next: Message | None = call.request

    def next_request(self) -> Message | None:
        """The request to send next; ``None``: the answer is complete."""
        return self._next

    def take(self, messages: list[Message]) -> None:
        """Add the answer to that request."""
        self._messages.extend(messages)
        token = str(getattr(messages[-1], "next_page_token", "")) if self._call.has_pages else ""
        self._next = self._following(token) if token else None

    def result(self) -> R:
        return self._call.read(self._messages)

    def _following(self, token: str) -> Message:
        request = type(self._call.request)()
        request.CopyFrom(self._call.request)
        setattr(request, "page_token", token)  # noqa: B010  (each request with pages has it; no common class says so)
        return request
