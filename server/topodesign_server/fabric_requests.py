"""Requests about fabrics, read and checked: the same in the servicer, which refuses early, and in the child."""

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass

from topodesign.domain.checks import relocated, require, require_number
from topodesign.domain.errors import InvalidInput
from topodesign.domain.fabric import FabricSpec
from topodesign.domain.fabric_bill import BillOptions
from topodesign.domain.fabric_comparison import BudgetBasis, EqualCostBasis, EqualSizeBasis
from topodesign.domain.fabric_conditions import FabricConditions
from topodesign.domain.fabric_failures import FailureSpec
from topodesign.domain.fabric_limits import MAX_MESSAGE_BYTES
from topodesign.v1 import fabric_service_pb2 as pb
from topodesign.wire import fabric_from_proto, from_proto

MOST_FABRICS = 32
DEFAULT_MESSAGE_BYTES = 1e9
OWN_FIELDS = frozenset({"failures", "message_bytes"})
"""Fields of requests beside fabrics that what computes names as they are called there."""
Basis = EqualSizeBasis | EqualCostBasis | BudgetBasis
BASES: dict[str, type[Basis]] = {"equal_size": EqualSizeBasis, "equal_cost": EqualCostBasis, "budget": BudgetBasis}


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationAsked:
    """One fabric, and what is asked about it."""

    spec: FabricSpec
    message_bytes: float
    conditions: FabricConditions
    failures: FailureSpec | None
    bill: BillOptions | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonAsked:
    """Either ``specs`` or a ``basis``."""

    specs: tuple[FabricSpec, ...]
    basis: Basis | None
    message_bytes: float
    conditions: FabricConditions


def evaluation_asked(request: pb.EvaluateFabricRequest) -> EvaluationAsked:
    """What an evaluation is asked for; raises :class:`InvalidInput` with paths of the request."""
    return EvaluationAsked(
        message_bytes=_message_bytes(request),
        conditions=_conditions(request),
        failures=from_proto(request.failures, FailureSpec, path="failures") if request.HasField("failures") else None,
        bill=from_proto(request.bill, BillOptions, path="bill") if request.HasField("bill") else None,
        spec=fabric_from_proto(request.fabric, path="fabric"),
    )


def comparison_asked(request: pb.CompareFabricsRequest) -> ComparisonAsked:
    """What a comparison is asked for; raises :class:`InvalidInput` with paths of the request."""
    member = request.WhichOneof("basis")
    if member is None:
        count = len(request.fabrics)
        require(
            1 <= count <= MOST_FABRICS,
            field="fabrics",
            value=f"{count} fabrics",
            limit=f"1 to {MOST_FABRICS} fabrics where no basis is given",
            remedy="give fabrics, equal_size, equal_cost or budget",
        )
    else:
        require(
            len(request.fabrics) == 0,
            field="fabrics",
            value=f"{len(request.fabrics)} fabrics",
            limit=f"empty beside {member}, whose fabrics the service chooses",
            remedy="give one of the two",
        )
    return ComparisonAsked(
        message_bytes=_message_bytes(request),
        conditions=_conditions(request),
        basis=None if member is None else from_proto(getattr(request, member), BASES[member], path=member),
        specs=tuple(
            fabric_from_proto(fabric, path=f"fabrics[{index}]") for index, fabric in enumerate(request.fabrics)
        ),
    )


@contextlib.contextmanager
def faults_at(path: str, fields: frozenset[str]) -> Iterator[None]:
    """Give what is refused while computing its path in the request: that of one of the ``fields``, or ``path`` itself.

    What the engine names, such as vertices of a graph, is no field; then the whole of ``path`` is at fault.
    """
    try:
        yield
    except InvalidInput as fault:
        first = re.split(r"[.\[ ]", fault.field_path, maxsplit=1)[0]
        if first in OWN_FIELDS:
            raise
        if first == "kind" and "kinds" in fields:
            raise relocated(fault, f"{path}.kinds") from None
        if first in fields:
            raise relocated(fault, f"{path}.{fault.field_path}") from None
        raise InvalidInput(fault.message, reason=fault.reason, field_path=path, metadata=fault.metadata) from None


def _message_bytes(request: pb.EvaluateFabricRequest | pb.CompareFabricsRequest) -> float:
    if not request.HasField("message_bytes"):
        return DEFAULT_MESSAGE_BYTES
    require_number(request.message_bytes, field="message_bytes", above=0, at_most=MAX_MESSAGE_BYTES)
    return request.message_bytes


def _conditions(request: pb.EvaluateFabricRequest | pb.CompareFabricsRequest) -> FabricConditions:
    return from_proto(request.conditions, FabricConditions, path="conditions")
