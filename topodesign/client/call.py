"""One call of the service as a value: what is sent, whether it may be repeated, and how its answer is read.

The functions in :mod:`topodesign.client.calls` make these. Every kind of client carries them out: the synchronous one,
the asynchronous one, and the one that needs no server.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from google.protobuf.message import Message

A = TypeVar("A", bound=Message)
M = TypeVar("M", bound=Message)
R = TypeVar("R")
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """A method of the service.

    ``path`` is its full name as HTTP/2 has it (``/package.Service/Method``), ``answer`` the class of its messages;
    ``is_stream``: there may be several.
    """

    path: str
    answer: type[Message]
    is_stream: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(Generic[R]):
    """A call that was not made yet.

    ``read`` makes the result of all the messages of the answer. ``has_pages``: the request is repeated with the
    ``next_page_token`` of each answer until there is none. ``may_repeat``: a second request changes nothing that the
    first did not. ``held_s``: seconds that the server may hold the answer back on purpose, beyond the client's timeout.
    """

    method: Method
    request: Message
    read: Callable[[Sequence[Any]], R]
    has_pages: bool = False
    may_repeat: bool = True
    held_s: float = 0.0


def one(
    path: str,
    answer: type[A],
    request: Message,
    read: Callable[[A], R],
    *,
    may_repeat: bool = True,
    held_s: float = 0.0,
) -> Call[R]:
    """A call that is answered by one message."""
    return Call(
        method=Method(path=path, answer=answer),
        request=request,
        read=lambda messages: read(messages[0]),
        may_repeat=may_repeat,
        held_s=held_s,
    )


def pages(path: str, answer: type[A], request: Message, read: Callable[[A], Iterable[T]]) -> Call[tuple[T, ...]]:
    """A call for a whole list, page by page."""
    return Call(
        method=Method(path=path, answer=answer),
        request=request,
        read=lambda messages: tuple(item for page in messages for item in read(page)),
        has_pages=True,
    )


def parts(path: str, answer: type[A], request: Message, read: Callable[[Sequence[A]], R]) -> Call[R]:
    """A call that is answered by a stream of messages, read when it has ended."""
    return Call(method=Method(path=path, answer=answer, is_stream=True), request=request, read=read)


def as_message(kind: type[M], message: Message) -> M:
    """The message, which is of that class."""
    assert isinstance(message, kind)
    return message
