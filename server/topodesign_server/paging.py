"""Pages: sizes, and tokens that only the server can make and only for the same arguments."""

import base64
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import TypeVar

from topodesign.domain.errors import InvalidInput

DEFAULT_SIZE = 50
LARGEST_SIZE = 1000
TAG_BYTES = 12
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page:
    """Entries with a sequence below ``before`` (``None``: from the newest), ``size`` of them at most."""

    before: int | None
    size: int


class Pager:
    """Reads page requests and writes page tokens, signed with the data directory's own key."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def page(self, *, page_size: int, page_token: str, arguments: str) -> Page:
        """The page that is asked for.

        Raises
        ------
        InvalidInput
            When the size is negative, or the token is not ours or belongs to a list with other arguments.
        """
        if page_size < 0:
            raise InvalidInput(
                f"page_size is {page_size}, but it must be at least 0; leave it out for {DEFAULT_SIZE}",
                field_path="page_size",
                metadata={"value": str(page_size)},
            )
        before = self._read(page_token, arguments) if page_token else None
        return Page(before=before, size=min(page_size or DEFAULT_SIZE, LARGEST_SIZE))

    def token(self, before: int, arguments: str) -> str:
        """The token of the page that follows the entry with sequence ``before``."""
        body = before.to_bytes(8, "big")
        return base64.urlsafe_b64encode(body + self._tag(body, arguments)).decode("ascii")

    def part(
        self, items: Sequence[T], keys: Sequence[str], *, of: str, page_size: int, page_token: str
    ) -> tuple[Sequence[T], str]:
        """The part of a list that is asked for, and the token of the next one (empty: it was the last).

        A token is for the very list of these keys: after an update its places may be others'.

        Raises
        ------
        InvalidInput
            As :meth:`page`.
        """
        arguments = f"{of} {sha256(chr(10).join(keys).encode()).hexdigest()}"
        page = self.page(page_size=page_size, page_token=page_token, arguments=arguments)
        # pages count down, as of lists with the newest first: the first item has the number of items
        left = len(items) if page.before is None else page.before - 1
        start = len(items) - left
        token = self.token(left - page.size + 1, arguments) if left > page.size else ""
        return items[start : start + page.size], token

    def _read(self, token: str, arguments: str) -> int:
        try:
            raw = base64.b64decode(token, altchars=b"-_", validate=True)
        except ValueError:
            raw = b""
        body, tag = raw[:8], raw[8:]
        if not hmac.compare_digest(tag, self._tag(body, arguments)):
            raise InvalidInput(
                "page_token was not given by this service for a list with these arguments; begin with the first page",
                reason="PAGE_TOKEN_INVALID",
                field_path="page_token",
            )
        return int.from_bytes(body, "big")

    def _tag(self, body: bytes, arguments: str) -> bytes:
        return hmac.digest(self._key, body + arguments.encode(), "sha256")[:TAG_BYTES]
