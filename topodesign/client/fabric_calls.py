"""The client's calls about fabrics: the names, arguments and answers of the library's functions."""

from collections.abc import Sequence

from topodesign.client.connection import Connection
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
    fabric_service_pb2,
    fabric_service_pb2_grpc,
)
from topodesign.wire import fabric_to_proto, from_proto, to_proto

DEFAULT_BILL = BillOptions()


class FabricCalls:
    """``FabricService``; the part of a client that evaluates and compares fabrics.

    Every call raises :class:`InvalidInput` with the path of the request's field for what the library refuses, and
    :class:`CapacityError` for what takes the service too long (``CALL_TOO_LONG``), too much memory
    (``OUT_OF_MEMORY``), or comes while too many callers wait (``CALLS_FULL``).
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._fabrics = fabric_service_pb2_grpc.FabricServiceStub(connection.channel)

    def evaluate_fabric(
        self,
        fabric: FabricSpec,
        *,
        message_bytes: float | None = None,
        conditions: FabricConditions | None = None,
        failures: FailureSpec | None = None,
        bill: BillOptions | None = None,
    ) -> FabricEvaluation:
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
        request = fabric_service_pb2.EvaluateFabricRequest(
            fabric=fabric_to_proto(fabric), message_bytes=message_bytes, conditions=_conditions(conditions)
        )
        if failures is not None:
            asked = to_proto(failures)
            assert isinstance(asked, fabric_failures_pb2.FailureSpec)
            request.failures.CopyFrom(asked)
        if bill is not None:
            options = to_proto(bill)
            assert isinstance(options, fabric_bill_pb2.BillOptions)
            request.bill.CopyFrom(options)
        response = self._connection.call(self._fabrics.EvaluateFabric, request)
        return from_proto(response, FabricEvaluation)

    def failure_report(self, fabric: FabricSpec, failures: FailureSpec) -> FailureReport:
        """A fabric under failures; the same answer as :func:`topodesign.failure_report`.

        The service evaluates the fabric as well: use :meth:`evaluate_fabric` where both are wanted.
        """
        report = self.evaluate_fabric(fabric, failures=failures).failures
        if report is None:
            raise _not_answered("failures")
        return report

    def price_fabric(self, fabric: FabricSpec, *, options: BillOptions = DEFAULT_BILL) -> FabricBill:
        """Bill of materials of a fabric; the same answer as :func:`topodesign.price_fabric`.

        The service evaluates the fabric as well: use :meth:`evaluate_fabric` where both are wanted.
        """
        bill = self.evaluate_fabric(fabric, bill=options).bill
        if bill is None:
            raise _not_answered("bill")
        return bill

    def compare_fabrics(
        self,
        fabrics: Sequence[FabricSpec],
        *,
        message_bytes: float | None = None,
        conditions: FabricConditions | None = None,
    ) -> tuple[FabricEvaluation, ...]:
        """Evaluate several fabrics side by side, in their order."""
        request = fabric_service_pb2.CompareFabricsRequest(
            fabrics=[fabric_to_proto(fabric) for fabric in fabrics],
            message_bytes=message_bytes,
            conditions=_conditions(conditions),
        )
        return tuple(from_proto(item, FabricEvaluation) for item in self._compare(request).fabrics)

    def compare_at_equal_size(
        self,
        kinds: Sequence[str],
        *,
        accelerators: int,
        link_gbps: float = 400.0,
        message_bytes: float | None = None,
        conditions: FabricConditions | None = None,
    ) -> EqualSizeComparison:
        """Kinds with the same number of accelerators; the same answer as :func:`topodesign.compare_at_equal_size`."""
        basis = to_proto(EqualSizeBasis(kinds=tuple(kinds), accelerators=accelerators, link_gbps=link_gbps))
        assert isinstance(basis, fabric_comparison_pb2.EqualSizeBasis)
        request = fabric_service_pb2.CompareFabricsRequest(
            equal_size=basis, message_bytes=message_bytes, conditions=_conditions(conditions)
        )
        return from_proto(self._compare(request).equal_size, EqualSizeComparison)

    def compare_at_equal_cost(
        self,
        kinds: Sequence[str],
        *,
        accelerators: int,
        usd_per_accelerator: float | None = None,
        link_gbps: float = 400.0,
        message_bytes: float | None = None,
        options: BillOptions = DEFAULT_BILL,
        conditions: FabricConditions | None = None,
    ) -> EqualCostComparison:
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
        assert isinstance(basis, fabric_comparison_pb2.EqualCostBasis)
        request = fabric_service_pb2.CompareFabricsRequest(
            equal_cost=basis, message_bytes=message_bytes, conditions=_conditions(conditions)
        )
        return from_proto(self._compare(request).equal_cost, EqualCostComparison)

    def fabrics_for_budget(
        self,
        kinds: Sequence[str],
        *,
        budget_usd: float,
        accelerator_usd: float = 0.0,
        link_gbps: float = 400.0,
        message_bytes: float | None = None,
        options: BillOptions = DEFAULT_BILL,
        conditions: FabricConditions | None = None,
    ) -> BudgetComparison:
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
        assert isinstance(basis, fabric_comparison_pb2.BudgetBasis)
        request = fabric_service_pb2.CompareFabricsRequest(
            budget=basis, message_bytes=message_bytes, conditions=_conditions(conditions)
        )
        return from_proto(self._compare(request).budget, BudgetComparison)

    def slice_goodput(
        self, *, blocks: int, hosts_per_block: int, slice_blocks: int, host_availability: float
    ) -> SliceGoodput:
        """Goodput of slices of one size; the same answer as :func:`topodesign.slice_goodput`."""
        request = to_proto(
            SliceGoodputRequest(
                blocks=blocks,
                hosts_per_block=hosts_per_block,
                slice_blocks=slice_blocks,
                host_availability=host_availability,
            )
        )
        response = self._connection.call(self._fabrics.EstimateSliceGoodput, request)
        return from_proto(response, SliceGoodput)

    def _compare(self, request: fabric_service_pb2.CompareFabricsRequest) -> fabric_service_pb2.CompareFabricsResponse:
        return self._connection.call(self._fabrics.CompareFabrics, request)


def _conditions(conditions: FabricConditions | None) -> fabric_conditions_pb2.FabricConditions | None:
    if conditions is None:
        return None
    message = to_proto(conditions)
    assert isinstance(message, fabric_conditions_pb2.FabricConditions)
    return message


def _not_answered(field: str) -> InternalError:
    return InternalError(
        f"the server's answer has no {field}, which were asked for; its version is older than this client's",
        reason="ANSWER_INCOMPLETE",
    )
