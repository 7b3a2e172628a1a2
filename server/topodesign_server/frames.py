"""What a child process writes into its pipe: one kind byte, then a serialized message."""

import enum
from dataclasses import dataclass


class FrameKind(enum.IntEnum):
    """Kind of a frame."""

    EVENT = 1
    """A ``PlanEvent``."""
    RESULT = 2
    """The result of the task; the last frame."""
    FAULT = 3
    """A ``google.rpc.Status``; the last frame."""
    END = 4
    """The pipe is closed; never written, only read."""
    SNAPSHOT = 5
    """The best ``Plan`` so far, verified; the newest one counts."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame."""

    kind: FrameKind
    content: bytes

    def packed(self) -> bytes:
        return bytes([self.kind]) + self.content

    @classmethod
    def unpacked(cls, data: bytes) -> "Frame":
        return cls(FrameKind(data[0]), data[1:])
