"""Large requests are checked and read in children. A thread that did it would keep the interpreter from the event loop
half of the time: ten requests of 328 kB that came at once had refusals wait for 200 ms.
"""

from topodesign_server.calls import Calls

READER_UP_TO_BYTES = 1024 * 1024
"""The scenario in a request of this size takes a fifth of a second to read."""

READER_BYTES = 2**30
"""Memory that the child which stays may take. A process of the service maps 0.6 GiB before it begins."""


class Readings:
    """Tasks with what large requests brought. They end when their callers leave, and tenants take turns.

    Parameters
    ----------
    calls : Calls
        For requests above :data:`READER_UP_TO_BYTES`: a child each.
    reader : Calls
        For all others: a child that stays.
    """

    def __init__(self, calls: Calls, reader: Calls) -> None:
        self._calls = calls
        self._reader = reader

    async def run(self, task: str, *payload: bytes, tenant: str) -> bytes:
        """The result of a task; raises what :meth:`Calls.run` does."""
        calls = self._reader if sum(map(len, payload)) <= READER_UP_TO_BYTES else self._calls
        return await calls.run(task, *payload, tenant=tenant)
