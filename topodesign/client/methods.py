"""Makes methods of clients out of functions that make calls, with their parameters, types and docstrings.

So that each call is written once, and a client is a list of them.
"""

import functools
import inspect
from collections.abc import Callable, Coroutine
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar, get_args

from topodesign.client.async_connection import AsyncConnection
from topodesign.client.async_job import AsyncJob
from topodesign.client.async_sweep_job import AsyncSweepJob
from topodesign.client.call import Call
from topodesign.client.connection import Connection
from topodesign.client.job import Job
from topodesign.client.kept import SubmittedJob, SubmittedSweep
from topodesign.client.sweep_job import SweepJob

P = ParamSpec("P")
R = TypeVar("R")


class Connected(Protocol):
    """A synchronous client."""

    _connection: Connection


class AsyncConnected(Protocol):
    """An asynchronous client."""

    _connection: AsyncConnection


def answered(build: Callable[P, Call[R]]) -> Callable[Concatenate[Connected, P], R]:
    """The method that makes the call and returns its result."""

    @functools.wraps(build)
    def method(self: Connected, /, *arguments: P.args, **named: P.kwargs) -> R:
        return self._connection.answer(build(*arguments, **named))

    return _signed(method, build, returns=_result_of(build))


def awaited(build: Callable[P, Call[R]]) -> Callable[Concatenate[AsyncConnected, P], Coroutine[Any, Any, R]]:
    """The coroutine that makes the call and returns its result."""

    @functools.wraps(build)
    async def method(self: AsyncConnected, /, *arguments: P.args, **named: P.kwargs) -> R:
        return await self._connection.answer(build(*arguments, **named))

    return _signed(method, build, returns=_result_of(build))


def submitting(build: Callable[P, Call[SubmittedJob]]) -> Callable[Concatenate[Connected, P], Job]:
    """The method that makes the call and returns the job."""

    @functools.wraps(build)
    def method(self: Connected, /, *arguments: P.args, **named: P.kwargs) -> Job:
        return Job(self._connection, self._connection.answer(build(*arguments, **named)))

    return _signed(method, build, returns=Job)


def async_submitting(
    build: Callable[P, Call[SubmittedJob]],
) -> Callable[Concatenate[AsyncConnected, P], Coroutine[Any, Any, AsyncJob]]:
    """The coroutine that makes the call and returns the job."""

    @functools.wraps(build)
    async def method(self: AsyncConnected, /, *arguments: P.args, **named: P.kwargs) -> AsyncJob:
        return AsyncJob(self._connection, await self._connection.answer(build(*arguments, **named)))

    return _signed(method, build, returns=AsyncJob)


def submitting_sweep(build: Callable[P, Call[SubmittedSweep]]) -> Callable[Concatenate[Connected, P], SweepJob]:
    """The method that makes the call and returns the sweep."""

    @functools.wraps(build)
    def method(self: Connected, /, *arguments: P.args, **named: P.kwargs) -> SweepJob:
        return SweepJob(self._connection, self._connection.answer(build(*arguments, **named)))

    return _signed(method, build, returns=SweepJob)


def async_submitting_sweep(
    build: Callable[P, Call[SubmittedSweep]],
) -> Callable[Concatenate[AsyncConnected, P], Coroutine[Any, Any, AsyncSweepJob]]:
    """The coroutine that makes the call and returns the sweep."""

    @functools.wraps(build)
    async def method(self: AsyncConnected, /, *arguments: P.args, **named: P.kwargs) -> AsyncSweepJob:
        return AsyncSweepJob(self._connection, await self._connection.answer(build(*arguments, **named)))

    return _signed(method, build, returns=AsyncSweepJob)


F = TypeVar("F", bound=Callable[..., object])


def _signed(method: F, build: Callable[..., object], *, returns: object) -> F:
    """What ``help`` and editors show: the parameters of the function, after ``self``, and the result of the call."""
    signature = inspect.signature(build)
    own = inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY)
    shown: Any = method
    shown.__signature__ = signature.replace(parameters=(own, *signature.parameters.values()), return_annotation=returns)
    shown.__annotations__ = {**build.__annotations__, "return": returns}
    del shown.__wrapped__  # inspect would show the function that makes the call
    return method


def _result_of(build: Callable[..., object]) -> object:
    (result,) = get_args(build.__annotations__["return"])
    return result
