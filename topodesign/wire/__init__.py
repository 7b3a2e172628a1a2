"""Domain objects to and from protobuf messages, and the error tree to and from ``google.rpc.Status``.

The only place beside the service and its client that sees generated code. Nothing here needs gRPC.
"""

from topodesign.wire.equipment import equipment_from_proto, equipment_to_proto, kind_from_proto, kind_to_proto
from topodesign.wire.faults import error_from_status, status_from_error
from topodesign.wire.mapper import fabric_from_proto, fabric_to_proto, from_proto, message_type, to_proto
from topodesign.wire.options import options_from_proto, options_to_proto
from topodesign.wire.sharding import sharding_from_proto, sharding_to_proto
from topodesign.wire.values import missing

__all__ = [
    "equipment_from_proto",
    "equipment_to_proto",
    "error_from_status",
    "fabric_from_proto",
    "fabric_to_proto",
    "from_proto",
    "kind_from_proto",
    "kind_to_proto",
    "message_type",
    "missing",
    "options_from_proto",
    "options_to_proto",
    "sharding_from_proto",
    "sharding_to_proto",
    "status_from_error",
    "to_proto",
]
