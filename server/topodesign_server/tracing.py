"""OpenTelemetry traces of calls, jobs and attempts, for servers that are asked to make them.

A call's span continues the caller's trace (W3C ``traceparent`` metadata). CreatePlan has a child span ``job``, whose
context is kept with the job: each attempt at it, on whichever server and however much later, is a child of that span.
Without an endpoint nothing of OpenTelemetry is imported, and every method here costs next to nothing.
"""

from __future__ import annotations  # OpenTelemetry is imported by those who trace only

import contextlib
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Protocol

from topodesign.domain.errors import InvalidInput
from topodesign_server.settings import ServerSettings

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.export import SpanExporter

KEYS = ("traceparent", "tracestate")
MOST_CONTEXT_CHARACTERS = 64
"""A ``traceparent`` has 55; the state of other systems' tracing does not travel with jobs."""

Facts = Mapping[str, str | int | float]


class Span(Protocol):
    """A span that is not over."""

    def note(self, facts: Facts) -> None:
        """Add attributes."""

    def fail(self, reason: str) -> None:
        """Say that what it spans went wrong."""


class Tracing(Protocol):
    """Where spans come from."""

    def call(self, method: str, metadata: Mapping[str, str]) -> contextlib.AbstractContextManager[Span]:
        """The span of a call, current in the block."""

    def job(self, job_id: str) -> str:
        """Note that a job was asked for, below the current span; the context to keep with the job."""

    def attempt(self, context: str, facts: Facts) -> contextlib.AbstractContextManager[Span]:
        """The span of an attempt at a job that was kept with this context."""

    def close(self) -> None:
        """Send what is unsent."""


class NoSpan:
    """Nothing is traced."""

    def note(self, facts: Facts) -> None:
        pass

    def fail(self, reason: str) -> None:
        pass


class NoTracing:
    """Nothing is traced."""

    _span = contextlib.nullcontext(NoSpan())

    def call(self, method: str, metadata: Mapping[str, str]) -> contextlib.AbstractContextManager[Span]:  # noqa: ARG002
        return self._span

    def job(self, job_id: str) -> str:  # noqa: ARG002
        return ""

    def attempt(self, context: str, facts: Facts) -> contextlib.AbstractContextManager[Span]:  # noqa: ARG002
        return self._span

    def close(self) -> None:
        pass


def tracing_of(settings: ServerSettings, *, exporter: SpanExporter | None = None) -> Tracing:
    """The tracing that settings ask for; an exporter takes the place of their endpoint.

    Raises
    ------
    InvalidInput
        When OpenTelemetry is not installed.
    """
    if settings.traces_endpoint is None and exporter is None:
        return NoTracing()
    try:
        from topodesign_server.telemetry import Telemetry, otlp_exporter

        made = otlp_exporter(settings.traces_endpoint or "") if exporter is None else exporter
    except ModuleNotFoundError as error:
        raise InvalidInput(
            f"traces_endpoint is given, but {error.name} is not installed; pip install 'topodesign[telemetry]', or "
            "leave traces_endpoint out",
            reason="TELEMETRY_NOT_INSTALLED",
            field_path="traces_endpoint",
        ) from None
    return Telemetry(made, share=settings.traces_share, version=_installed())


def _installed() -> str:
    try:
        return version("topodesign")
    except PackageNotFoundError:
        return "not installed"
