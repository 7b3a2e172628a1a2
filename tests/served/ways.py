"""The ways to make a call, under one roof: a synchronous client, an asynchronous one, and the one without a server."""

import asyncio
import inspect
from types import TracebackType
from typing import Any, Protocol, Self

from topodesign.client import AsyncClient, Client
from topodesign.local import LocalClient


class Way(Protocol):
    """Makes calls and waits for their results."""

    def __enter__(self) -> Self: ...
    def __exit__(self, *_: object) -> None: ...
    def call(self, method: str, /, *arguments: Any, **named: Any) -> Any: ...
    def of_job(self, job: Any, method: str, /, *arguments: Any, **named: Any) -> Any: ...


class Synchronous:
    """Calls of a client that blocks."""

    def __init__(self, client: Client | LocalClient) -> None:
        self.client = client

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()

    def call(self, method: str, /, *arguments: Any, **named: Any) -> Any:
        return getattr(self.client, method)(*arguments, **named)

    def of_job(self, job: Any, method: str, /, *arguments: Any, **named: Any) -> Any:
        result = getattr(job, method)(*arguments, **named)
        return list(result) if method == "watch" else result


class Asynchronous:
    """Calls of a client with coroutines, on an event loop of its own."""

    def __init__(self, target: str, **options: float) -> None:
        self._runner = asyncio.Runner()
        self.client = self._runner.run(self._connected(target, options))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._runner.run(self.client.close())
        self._runner.close()

    def call(self, method: str, /, *arguments: Any, **named: Any) -> Any:
        return self._result(getattr(self.client, method)(*arguments, **named))

    def of_job(self, job: Any, method: str, /, *arguments: Any, **named: Any) -> Any:
        return self._result(getattr(job, method)(*arguments, **named))

    def _result(self, given: Any) -> Any:
        async def collected() -> Any:
            return [item async for item in given] if hasattr(given, "__aiter__") else await given

        return self._runner.run(collected()) if inspect.isawaitable(given) or hasattr(given, "__aiter__") else given

    async def _connected(self, target: str, options: dict[str, float]) -> AsyncClient:
        return AsyncClient(target, **options)


def ways_to(target: str, **options: float) -> dict[str, Way]:
    """Both clients of a server."""
    return {"sync": Synchronous(Client(target, **options)), "async": Asynchronous(target, **options)}
