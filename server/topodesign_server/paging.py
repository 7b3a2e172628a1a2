"""Pages: sizes, and tokens that only the server can make and only for the same arguments."""

import base64
import hmac
from dataclasses import dataclass

from topodesign.domain.errors import InvalidInput

DEFAULT_SIZE = 50
LARGEST_SIZE = 1000
TAG_BYTES = 12


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
