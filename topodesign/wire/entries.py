"""How many entries repeated fields of requests may have.

Checked before any entry becomes a Python object: a message of a few megabytes holds millions of numbers, and reading
them would take longer than refusing them.
"""

from collections.abc import Mapping
from types import MappingProxyType

from google.protobuf.descriptor import FieldDescriptor

from topodesign.domain.checks import require
from topodesign.domain.fabric_comparison import MOST_KINDS
from topodesign.domain.fabric_failures import FAILURE_KINDS, MAX_SETS
from topodesign.domain.fabric_limits import MAX_AXES, MAX_NAMED
from topodesign.domain.fabric_switched import MAX_EDGES

MOST_ENTRIES: Mapping[str, int] = MappingProxyType(
    {
        "topodesign.v1.Torus.shape": MAX_AXES,
        "topodesign.v1.Torus.wrap": MAX_AXES,
        "topodesign.v1.ReconfigurableTorus.shape": MAX_AXES,
        "topodesign.v1.HyperX.shape": MAX_AXES,
        "topodesign.v1.HammingMesh.board": MAX_AXES,
        "topodesign.v1.HammingMesh.shape": MAX_AXES,
        "topodesign.v1.EdgeList.accelerators": MAX_NAMED,
        "topodesign.v1.EdgeList.edges": MAX_EDGES,
        "topodesign.v1.FailureSpec.sets": MAX_SETS,
        "topodesign.v1.FailureSet.parts": len(FAILURE_KINDS),
        "topodesign.v1.EqualSizeBasis.kinds": MOST_KINDS,
        "topodesign.v1.EqualCostBasis.kinds": MOST_KINDS,
        "topodesign.v1.BudgetBasis.kinds": MOST_KINDS,
    }
)
"""By full name of the field."""


def require_entries(field: FieldDescriptor, count: int, path: str) -> None:
    """Raise :class:`InvalidInput` when a repeated field has more entries than it may have."""
    most = MOST_ENTRIES.get(field.full_name)
    if most is not None:
        require(
            count <= most, field=path, value=f"{count} entries", limit=f"at most {most} entries", remedy="give fewer"
        )
