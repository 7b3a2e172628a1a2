"""A cache of contents that never change, bounded by their bytes; the least recently used go first."""

import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
ENTRY_BYTES = 200
"""About what an entry takes beside its content: the key, and its place in the order."""


class BoundedCache(Generic[K]):
    """Contents by key, in at most ``limit_bytes``. Safe to use from any thread."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._lock = threading.Lock()
        self._contents: OrderedDict[K, bytes] = OrderedDict()
        self.size_bytes = 0

    def get(self, key: K) -> bytes | None:
        """The content of a key; ``None`` when it is not there."""
        with self._lock:
            content = self._contents.get(key)
            if content is not None:
                self._contents.move_to_end(key)
            return content

    def put(self, key: K, content: bytes) -> None:
        """Keep a content, unless it alone is too large."""
        size = len(content) + ENTRY_BYTES
        with self._lock:
            if key in self._contents or size > self._limit_bytes:
                return
            self._contents[key] = content
            self.size_bytes += size
            while self.size_bytes > self._limit_bytes:
                _, oldest = self._contents.popitem(last=False)
                self.size_bytes -= len(oldest) + ENTRY_BYTES
