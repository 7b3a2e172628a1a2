"""The synchronous client."""

from types import TracebackType
from typing import Self

from topodesign.client.access import Access
from topodesign.client.calls import catalog, fabrics, operations, optics, plans, scenarios, sweeps, training
from topodesign.client.channels import Channel, Transport
from topodesign.client.connection import Connection
from topodesign.client.job import Job
from topodesign.client.kept import SubmittedJob, SubmittedSweep
from topodesign.client.methods import answered, submitting, submitting_sweep
from topodesign.client.options import ConnectionOptions
from topodesign.client.sweep_job import SweepJob


class CallingClient:
    """Every call of the service, over any transport; :class:`Client` and ``LocalClient`` say over which.

    The calls are written in :mod:`topodesign.client.calls`. What goes wrong is raised as an error of the tree in
    :mod:`topodesign.domain.errors`, with the service's reason, metadata and field path.
    """

    def __init__(self, transport: Transport, options: ConnectionOptions) -> None:
        self._connection = Connection(transport, options)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection; running jobs of a server go on."""
        self._connection.close()

    check_scenario = answered(scenarios.check_scenario)
    create_scenario = answered(scenarios.create_scenario)
    get_scenario = answered(scenarios.get_scenario)
    list_scenarios = answered(scenarios.list_scenarios)
    delete_scenario = answered(scenarios.delete_scenario)

    submit_plan = submitting(plans.submit_plan)
    get_plan = answered(plans.get_plan)
    list_plans = answered(plans.list_plans)
    delete_plan = answered(plans.delete_plan)
    verify_plan = answered(plans.verify_plan)
    export_plan = answered(plans.export_plan)
    jobs = answered(operations.jobs)

    submit_sweep = submitting_sweep(sweeps.submit_sweep)
    list_sweeps = answered(sweeps.list_sweeps)
    delete_sweep = answered(sweeps.delete_sweep)
    export_sweep = answered(sweeps.export_sweep)

    evaluate_fabric = answered(fabrics.evaluate_fabric)
    failure_report = answered(fabrics.failure_report)
    price_fabric = answered(fabrics.price_fabric)
    compare_fabrics = answered(fabrics.compare_fabrics)
    compare_at_equal_size = answered(fabrics.compare_at_equal_size)
    compare_at_equal_cost = answered(fabrics.compare_at_equal_cost)
    fabrics_for_budget = answered(fabrics.fabrics_for_budget)
    slice_goodput = answered(fabrics.slice_goodput)

    design_link = answered(optics.design_link)
    list_modes = answered(optics.list_modes)

    estimate_training = answered(training.estimate_training)
    estimate_goodput = answered(training.estimate_goodput)
    plan_sharding = answered(training.plan_sharding)
    training_models = answered(training.training_models)

    list_accelerators = answered(catalog.list_accelerators)
    list_equipment = answered(catalog.list_equipment)

    def job(self, name: str) -> Job:
        """The job with that operation or plan name (``operations/...``, ``plans/...``); nothing is asked yet.

        Raises
        ------
        InvalidInput
            For a name of any other form.
        """
        return Job(self._connection, SubmittedJob(name=operations.job_name(name)))

    def sweep(self, name: str) -> SweepJob:
        """The sweep with that operation or own name (``operations/...``, ``sweeps/...``); nothing is asked yet.

        Raises
        ------
        InvalidInput
            For a name of any other form.
        """
        return SweepJob(self._connection, SubmittedSweep(name=operations.job_name(name)))


class Client(CallingClient):
    """A connection to a topodesign server; a context manager.

    May be used from several threads.

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
    >>> with Client("localhost:50051") as client:  # doctest: +SKIP
    ...     plan = client.submit_plan(scenario, time_limit_s=60).result(on_progress=print)
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
        super().__init__(Channel(options), options)
