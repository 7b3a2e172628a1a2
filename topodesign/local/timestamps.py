"""Moments as messages."""

from google.protobuf.timestamp_pb2 import Timestamp


def timestamp(seconds: float) -> Timestamp:
    """The moment so many seconds after the epoch."""
    message = Timestamp()
    message.FromMicroseconds(round(seconds * 1e6))
    return message
