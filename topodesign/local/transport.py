"""Finds who answers a call here."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from google.protobuf.message import Message

from topodesign.client.call import Method
from topodesign.domain.errors import ServiceUnavailable
from topodesign.local.computed import COMPUTED
from topodesign.local.jobs import LocalJobs
from topodesign.local.operations import operation_answers
from topodesign.local.plans import plan_answers
from topodesign.local.scenarios import LocalScenarios
from topodesign.local.sweeps import sweep_answers

Answers = Callable[[Any, float], Iterator[Message]]


class LocalTransport:
    """A :class:`~topodesign.client.channels.Transport` that ends in this process."""

    def __init__(self, *, workers: int) -> None:
        scenarios = LocalScenarios()
        self._jobs = LocalJobs(workers=workers)
        self._answers: Mapping[str, Answers] = {
            **COMPUTED,
            **scenarios.answers(),
            **plan_answers(self._jobs, scenarios),
            **sweep_answers(self._jobs, scenarios),
            **operation_answers(self._jobs),
        }
        self._is_closed = False

    def answers(self, method: Method, request: Message, *, timeout_s: float) -> Iterator[Message]:
        if self._is_closed:
            raise ServiceUnavailable("the local client is closed; make another", reason="CLIENT_CLOSED")
        return self._answers[method.path](request, timeout_s)

    def close(self) -> None:
        self._is_closed = True
        self._jobs.close()
