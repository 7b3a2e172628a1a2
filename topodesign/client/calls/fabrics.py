"""Calls of ``FabricService``: the names, arguments and answers of the library's functions.

Every call raises :class:`InvalidInput` with the path of the request's field for what the library refuses, and
:class:`CapacityError` for what takes the service too long (``CALL_TOO_LONG``), too much memory (``OUT_OF_MEMORY``), or
comes while too many callers wait (``CALLS_FULL``).
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

from topodesign.client.call import Call, as_message, one
from topodesign.domain.errors import InternalError
from topodesign.domain.fabric import FabricEvaluation, FabricSpec
from topodesign.domain.fabric_bill import BillOptions, FabricBill
from topodesign.domain.fabric_comparison import (
    BudgetBasis,
    BudgetComparison,
    EqualCostBasis,
    EqualCostComparison,
    EqualSizeBasis,
    EqualSizeComparison,
)
from topodesign.domain.fabric_conditions import FabricConditions
from topodesign.domain.fabric_failures import FailureReport, FailureSpec, SliceGoodput, SliceGoodputRequest
from topodesign.v1 import (
    fabric_bill_pb2,
    fabric_comparison_pb2,
    fabric_conditions_pb2,
    fabric_failures_pb2,
    fabric_pb2,
)
from topodesign.v1 import fabric_service_pb2 as pb
from topodesign.wire import fabric_to_proto, from_proto, to_proto

SERVICE = "/topodesign.v1.FabricService"
DEFAULT_BILL = BillOptions()
R = TypeVar("R")


def evaluate_fabric(
    fabric: FabricSpec,
    *,
    message_bytes: float | None = None,
    conditions: FabricConditions | None = None,
    failures: FailureSpec | None = None,
    bill: BillOptions | None = None,
) -> Call[FabricEvaluation]:
    """Evaluate one fabric; the same answer as :func:`topodesign.evaluate_fabric`.

    Parameters
    ----------
    fabric : FabricSpec
    message_bytes : float, optional
        Bytes of each accelerator's array, above 0.
    conditions : FabricConditions, optional
        Delays, load, and what switches can do.
    failures : FailureSpec, optional
        Failures to look at; the answer's ``failures`` has the report.
    bill : BillOptions, optional
        How to draw up the bill of materials; the answer's ``bill`` has it.
    """
    return _evaluated(
        fabric,
        lambda answer: answer,
        message_bytes=message_bytes,
        conditions=conditions,
        failures=failures,
        bill=bill,
    )


def failure_report(fabric: FabricSpec, failures: FailureSpec) -> Call[FailureReport]:
    """A fabric under failures; the same answer as :func:`topodesign.failure_report`.

    The service evaluates the fabric as well: use ``evaluate_fabric`` where both are wanted.
    """
    return _evaluated(fabric, lambda answer: _asked_for(answer.failures, "failures"), failures=failures)


def price_fabric(fabric: FabricSpec, *, options: BillOptions = DEFAULT_BILL) -> Call[FabricBill]:
    """Bill of materials of a fabric; the same answer as :func:`topodesign.price_fabric`.

    The service evaluates the fabric as well: use ``evaluate_fabric`` where both are wanted.
    """
    return _evaluated(fabric, lambda answer: _asked_for(answer.bill, "bill"), bill=options)


def compare_fabrics(
    fabrics: Sequence[FabricSpec],
    *,
    message_bytes: float | None = None,
    conditions: FabricConditions | None = None,
) -> Call[tuple[FabricEvaluation, ...]]:
    """Evaluate several fabrics side by side, in their order."""
    request = pb.CompareFabricsRequest(
        fabrics=[fabric_to_proto(fabric) for fabric in fabrics],
        message_bytes=message_bytes,
        conditions=_conditions(conditions),
    )
    return _compared(request, lambda answer: tuple(from_proto(item, FabricEvaluation) for item in answer.fabrics))


def compare_at_equal_size(
    kinds: Sequence[str],
    *,
    accelerators: int,
    link_gbps: float = 400.0,
    message_bytes: float | None = None,
    conditions: FabricConditions | None = None,
) -> Call[EqualSizeComparison]:
    """Kinds with the same number of accelerators; the same answer as :func:`topodesign.compare_at_equal_size`."""
    basis = to_proto(EqualSizeBasis(kinds=tuple(kinds), accelerators=accelerators, link_gbps=link_gbps))
    request = pb.CompareFabricsRequest(
        equal_size=as_message(fabric_comparison_pb2.EqualSizeBasis, basis),
        message_bytes=message_bytes,
        conditions=_conditions(conditions),
    )
    return _compared(request, lambda answer: from_proto(answer.equal_size, EqualSizeComparison))


def compare_at_equal_cost(
    kinds: Sequence[str],
    *,
    accelerators: int,
    usd_per_accelerator: float | None = None,
    link_gbps: float = 400.0,
    message_bytes: float | None = None,
    options: BillOptions = DEFAULT_BILL,
    conditions: FabricConditions | None = None,
) -> Call[EqualCostComparison]:
    """Kinds for the same money; the same answer as :func:`topodesign.compare_at_equal_cost`."""
    basis = to_proto(
        EqualCostBasis(
            kinds=tuple(kinds),
            accelerators=accelerators,
            usd_per_accelerator=usd_per_accelerator,
            link_gbps=link_gbps,
            options=options,
        )
    )
    request = pb.CompareFabricsRequest(
        equal_cost=as_message(fabric_comparison_pb2.EqualCostBasis, basis),
        message_bytes=message_bytes,
        conditions=_conditions(conditions),
    )
    return _compared(request, lambda answer: from_proto(answer.equal_cost, EqualCostComparison))


def fabrics_for_budget(
    kinds: Sequence[str],
    *,
    budget_usd: float,
    accelerator_usd: float = 0.0,
    link_gbps: float = 400.0,
    message_bytes: float | None = None,
    options: BillOptions = DEFAULT_BILL,
    conditions: FabricConditions | None = None,
) -> Call[BudgetComparison]:
    """The largest fabric of each kind for a budget; the same answer as :func:`topodesign.fabrics_for_budget`."""
    basis = to_proto(
        BudgetBasis(
            kinds=tuple(kinds),
            budget_usd=budget_usd,
            accelerator_usd=accelerator_usd,
            link_gbps=link_gbps,
            options=options,
        )
    )
    request = pb.CompareFabricsRequest(
        budget=as_message(fabric_comparison_pb2.BudgetBasis, basis),
        message_bytes=message_bytes,
        conditions=_conditions(conditions),
    )
    return _compared(request, lambda answer: from_proto(answer.budget, BudgetComparison))


def slice_goodput(
    *, blocks: int, hosts_per_block: int, slice_blocks: int, host_availability: float
) -> Call[SliceGoodput]:
    """Goodput of slices of one size; the same answer as :func:`topodesign.slice_goodput`."""
    request = to_proto(
        SliceGoodputRequest(
            blocks=blocks,
            hosts_per_block=hosts_per_block,
            slice_blocks=slice_blocks,
            host_availability=host_availability,
        )
    )
    return one(
        f"{SERVICE}/EstimateSliceGoodput",
        fabric_failures_pb2.SliceGoodput,
        request,
        lambda answer: from_proto(answer, SliceGoodput),
    )


def _evaluated(
    fabric: FabricSpec,
    read: Callable[[FabricEvaluation], R],
    *,
    message_bytes: float | None = None,
    conditions: FabricConditions | None = None,
    failures: FailureSpec | None = None,
    bill: BillOptions | None = None,
) -> Call[R]:
    request = pb.EvaluateFabricRequest(
        fabric=fabric_to_proto(fabric),
        message_bytes=message_bytes,
        conditions=_conditions(conditions),
        failures=None if failures is None else as_message(fabric_failures_pb2.FailureSpec, to_proto(failures)),
        bill=None if bill is None else as_message(fabric_bill_pb2.BillOptions, to_proto(bill)),
    )
    return one(
        f"{SERVICE}/EvaluateFabric",
        fabric_pb2.FabricEvaluation,
        request,
        lambda answer: read(from_proto(answer, FabricEvaluation)),
    )


def _compared(request: pb.CompareFabricsRequest, read: Callable[[pb.CompareFabricsResponse], R]) -> Call[R]:
    return one(f"{SERVICE}/CompareFabrics", pb.CompareFabricsResponse, request, read)


def _conditions(conditions: FabricConditions | None) -> fabric_conditions_pb2.FabricConditions | None:
    return None if conditions is None else as_message(fabric_conditions_pb2.FabricConditions, to_proto(conditions))


def _asked_for(part: R | None, name: str) -> R:
    if part is None:
        raise InternalError(
            f"the server's answer has no {name}, which was asked for; its version is older than this client's",
            reason="ANSWER_INCOMPLETE",
        )
    return part
