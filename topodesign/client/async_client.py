"""The asynchronous client."""

from types import TracebackType
from typing import Self

from topodesign.client.access import Access
from topodesign.client.async_connection import AsyncConnection
from topodesign.client.async_job import AsyncJob
from topodesign.client.async_sweep_job import AsyncSweepJob
from topodesign.client.calls import catalog, fabrics, operations, optics, plans, scenarios, sweeps, training
from topodesign.client.channels import AsyncChannel
from topodesign.client.kept import SubmittedJob, SubmittedSweep
from topodesign.client.methods import async_submitting, async_submitting_sweep, awaited
from topodesign.client.options import ConnectionOptions


class AsyncClient:
    """:class:`Client` with coroutines: the same calls, arguments, answers, errors, repetitions and deadlines.

    An asynchronous context manager, for the event loop that it is made on.

    Parameters
    ----------
    target : str
        ``host:port`` of the server.
    timeout_s : float
        Seconds within which a call must be answered, repetitions included.
    retry_for_s : float, optional
        Seconds for which calls that may be repeated are repeated while the server cannot be reached, or is full and
        says when to come again; by default ``timeout_s``.
    access : Access, optional
        Token and TLS, for servers that ask for them; by default neither.

    Examples
    --------
    >>> async with AsyncClient("localhost:50051") as client:  # doctest: +SKIP
    ...     job = await client.submit_plan(scenario, time_limit_s=60)
    ...     async for event in job.watch():
    ...         print(event)
    ...     plan = await job.result()
    """

    def __init__(
        self,
        target: str,
        *,
        timeout_s: float = 30.0,
        retry_for_s: float | None = None,
        access: Access | None = None,
    ) -> None:
        retry_for_s = timeout_s if retry_for_s is None else retry_for_s
        options = ConnectionOptions(
            target=target, timeout_s=timeout_s, retry_for_s=retry_for_s, access=access or Access()
        )
        self._connection = AsyncConnection(AsyncChannel(options), options)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connection; running jobs go on."""
        await self._connection.close()

    check_scenario = awaited(scenarios.check_scenario)
    create_scenario = awaited(scenarios.create_scenario)
    get_scenario = awaited(scenarios.get_scenario)
    list_scenarios = awaited(scenarios.list_scenarios)
    delete_scenario = awaited(scenarios.delete_scenario)

    submit_plan = async_submitting(plans.submit_plan)
    get_plan = awaited(plans.get_plan)
    list_plans = awaited(plans.list_plans)
    delete_plan = awaited(plans.delete_plan)
    verify_plan = awaited(plans.verify_plan)
    export_plan = awaited(plans.export_plan)
    jobs = awaited(operations.jobs)

    submit_sweep = async_submitting_sweep(sweeps.submit_sweep)
    list_sweeps = awaited(sweeps.list_sweeps)
    delete_sweep = awaited(sweeps.delete_sweep)
    export_sweep = awaited(sweeps.export_sweep)

    evaluate_fabric = awaited(fabrics.evaluate_fabric)
    failure_report = awaited(fabrics.failure_report)
    price_fabric = awaited(fabrics.price_fabric)
    compare_fabrics = awaited(fabrics.compare_fabrics)
    compare_at_equal_size = awaited(fabrics.compare_at_equal_size)
    compare_at_equal_cost = awaited(fabrics.compare_at_equal_cost)
    fabrics_for_budget = awaited(fabrics.fabrics_for_budget)
    slice_goodput = awaited(fabrics.slice_goodput)

    design_link = awaited(optics.design_link)
    list_modes = awaited(optics.list_modes)

    estimate_training = awaited(training.estimate_training)
    estimate_goodput = awaited(training.estimate_goodput)
    plan_sharding = awaited(training.plan_sharding)
    training_models = awaited(training.training_models)

    list_accelerators = awaited(catalog.list_accelerators)
    list_equipment = awaited(catalog.list_equipment)

    def job(self, name: str) -> AsyncJob:
        """The job with that operation or plan name (``operations/...``, ``plans/...``); nothing is asked yet.

        Raises
        ------
        InvalidInput
            For a name of any other form.
        """
        return AsyncJob(self._connection, SubmittedJob(name=operations.job_name(name)))

    def sweep(self, name: str) -> AsyncSweepJob:
        """The sweep with that operation or own name (``operations/...``, ``sweeps/...``); nothing is asked yet.

        Raises
        ------
        InvalidInput
            For a name of any other form.
        """
        return AsyncSweepJob(self._connection, SubmittedSweep(name=operations.job_name(name)))
