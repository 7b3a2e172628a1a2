"""``google.longrunning.Operations`` over the job store."""

# ruff: noqa: N802 (the names of methods and their parameters are gRPC's)
from __future__ import annotations  # gRPC's types take parameters for type checkers only

import asyncio

import grpc
from google.longrunning import operations_pb2, operations_pb2_grpc
from google.protobuf.empty_pb2 import Empty

from topodesign.domain.errors import InvalidInput
from topodesign_server.job_rows import JobRow, PlanRow
from topodesign_server.job_store import JobStore
from topodesign_server.names import parse_name
from topodesign_server.offloading import Offloader
from topodesign_server.paging import Pager
from topodesign_server.resources import operation
from topodesign_server.tenants import tenant_of
from topodesign_server.watchers import Watchers
from topodesign_server.workers import Workers

LONGEST_WAIT_S = 60.0


class OperationsServicer(operations_pb2_grpc.OperationsServicer):  # type: ignore[misc]  # the package has no types
    """The operations of ``CreatePlan``."""

    def __init__(
        self, *, jobs: JobStore, workers: Workers, watchers: Watchers, pager: Pager, offload: Offloader
    ) -> None:
        self._jobs = jobs
        self._workers = workers
        self._watchers = watchers
        self._pager = pager
        self._offload = offload

    async def GetOperation(
        self,
        request: operations_pb2.GetOperationRequest,
        context: grpc.aio.ServicerContext[operations_pb2.GetOperationRequest, operations_pb2.Operation],
    ) -> operations_pb2.Operation:
        return await self._offload(self._operation, tenant_of(context), parse_name(request.name, "operations"))

    async def ListOperations(
        self,
        request: operations_pb2.ListOperationsRequest,
        context: grpc.aio.ServicerContext[operations_pb2.ListOperationsRequest, operations_pb2.ListOperationsResponse],
    ) -> operations_pb2.ListOperationsResponse:
        """Plans are in ``PLAN_VIEW_BASIC`` here; get an operation for the whole of its plan."""
        if request.filter:
            raise InvalidInput(
                f"filter is {request.filter[:120]!r}, but it is not supported; leave it out",
                reason="FILTER_UNSUPPORTED",
                field_path="filter",
            )
        tenant = tenant_of(context)
        arguments = f"{tenant} operations"
        page = self._pager.page(page_size=request.page_size, page_token=request.page_token, arguments=arguments)
        found = await self._offload(self._jobs.page_with_plans, tenant, page)
        shown = found[: page.size]
        token = self._pager.token(shown[-1][0].number, arguments) if len(found) > page.size else ""
        operations = await self._offload(_operations, shown)
        return operations_pb2.ListOperationsResponse(operations=operations, next_page_token=token)

    async def CancelOperation(
        self,
        request: operations_pb2.CancelOperationRequest,
        context: grpc.aio.ServicerContext[operations_pb2.CancelOperationRequest, Empty],
    ) -> Empty:
        job_id = parse_name(request.name, "operations")
        job = await self._offload(self._jobs.request_cancel, tenant_of(context), job_id)
        if not job.is_final:
            await self._offload(self._workers.cancel, job.number)
            self._watchers.notify(job.number)
        return Empty()

    async def DeleteOperation(
        self,
        request: operations_pb2.DeleteOperationRequest,
        context: grpc.aio.ServicerContext[operations_pb2.DeleteOperationRequest, Empty],
    ) -> Empty:
        await self._offload(self._jobs.delete_operation, tenant_of(context), parse_name(request.name, "operations"))
        return Empty()

    async def WaitOperation(
        self,
        request: operations_pb2.WaitOperationRequest,
        context: grpc.aio.ServicerContext[operations_pb2.WaitOperationRequest, operations_pb2.Operation],
    ) -> operations_pb2.Operation:
        """Returns when the operation is done, and at the latest after the request's timeout or a minute."""
        job_id = parse_name(request.name, "operations")
        loop = asyncio.get_running_loop()
        until = loop.time() + wait_s(request)
        tenant = tenant_of(context)
        number = (await self._offload(self._jobs.get, tenant, job_id)).number
        with self._watchers.watching(number) as changed:
            while True:
                changed.clear()
                message = await self._offload(self._operation, tenant, job_id)
                left = until - loop.time()
                if message.done or left <= 0:
                    return message
                self._watchers.require_serving()
                try:
                    await asyncio.wait_for(changed.wait(), left)
                except TimeoutError:
                    return await self._offload(self._operation, tenant, job_id)

    def _operation(self, tenant: str, job_id: str) -> operations_pb2.Operation:
        return operation(*self._jobs.get_with_plan(tenant, job_id))


def _operations(found: list[tuple[JobRow, PlanRow | None]]) -> list[operations_pb2.Operation]:
    return [operation(job, plan) for job, plan in found]


def wait_s(request: operations_pb2.WaitOperationRequest) -> float:
    """Seconds that a request may wait: what it asks for, at most a minute, and a minute when it does not say."""
    if not request.HasField("timeout"):
        return LONGEST_WAIT_S
    # a duration may be longer than Python's timedelta can be
    asked_s = float(request.timeout.seconds + request.timeout.nanos / 1e9)
    return min(max(asked_s, 0.0), LONGEST_WAIT_S)
