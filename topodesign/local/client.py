"""The client that needs no server."""

from topodesign.client.client import CallingClient
from topodesign.client.options import ConnectionOptions
from topodesign.domain.checks import require_number
from topodesign.local.transport import LocalTransport

TIMEOUT_S = 30.0


class LocalClient(CallingClient):
    """The calls of :class:`topodesign.Client` without a server; a context manager.

    Scenarios, jobs and plans are kept in memory and are gone when the client is closed: then the jobs that still run
    are ended. Calls are answered in this process, in the thread that makes them, and without a deadline; plans are made
    in child processes, so that :meth:`Job.cancel` ends them at any time.

    May be used from several threads.

    Parameters
    ----------
    workers : int
        Plans made at a time, from 1; the others wait, the first one first.

    Examples
    --------
    >>> with LocalClient() as client:  # doctest: +SKIP
    ...     plan = client.submit_plan(scenario, time_limit_s=60).result(on_progress=print)
    """

    def __init__(self, *, workers: int = 1) -> None:
        require_number(workers, field="workers", at_least=1)
        options = ConnectionOptions(target="local:0", timeout_s=TIMEOUT_S, retry_for_s=0.0)
        super().__init__(LocalTransport(workers=workers), options)
