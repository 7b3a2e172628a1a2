"""Traces through OpenTelemetry. Import it only where traces are asked for."""

import contextlib
from collections.abc import Iterator, Mapping

from opentelemetry import context as contexts
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.sampling import ParentBasedTraceIdRatio
from opentelemetry.trace import SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from topodesign_server.tracing import KEYS, MOST_CONTEXT_CHARACTERS, Facts


class Telemetry:
    """Makes spans and hands them to an exporter, in batches on a thread."""

    def __init__(self, exporter: SpanExporter, *, share: float, version: str) -> None:
        resource = Resource.create({"service.name": "topodesign", "service.version": version})
        # our own provider, and not the global one: nothing else in the process is traced by accident
        self._provider = TracerProvider(
            resource=resource, sampler=ParentBasedTraceIdRatio(share), shutdown_on_exit=False
        )
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("topodesign_server", version)
        self._propagator = TraceContextTextMapPropagator()

    @contextlib.contextmanager
    def call(self, method: str, metadata: Mapping[str, str]) -> Iterator["TelemetrySpan"]:
        carrier = {key: metadata[key] for key in KEYS if key in metadata}
        facts = {"rpc.system": "grpc", "rpc.method": method.lstrip("/")}
        with self._span(method.lstrip("/"), SpanKind.SERVER, self._propagator.extract(carrier), facts) as span:
            yield span

    def job(self, job_id: str) -> str:
        carrier: dict[str, str] = {}
        with self._span("job", SpanKind.PRODUCER, contexts.get_current(), {"topodesign.job": job_id}):
            self._propagator.inject(carrier)
        return carrier.get("traceparent", "")[:MOST_CONTEXT_CHARACTERS]

    @contextlib.contextmanager
    def attempt(self, context: str, facts: Facts) -> Iterator["TelemetrySpan"]:
        parent = self._propagator.extract({"traceparent": context} if context else {}, context=Context())
        named = {f"topodesign.{key}": value for key, value in facts.items()}
        with self._span("attempt", SpanKind.CONSUMER, parent, named) as span:
            yield span

    def close(self) -> None:
        self._provider.shutdown()

    @contextlib.contextmanager
    def _span(self, name: str, kind: SpanKind, parent: Context, facts: Facts) -> Iterator["TelemetrySpan"]:
        # an exception's text may quote a request: its type is told by what ends the call, and nothing is recorded here
        with self._tracer.start_as_current_span(
            name,
            context=parent,
            kind=kind,
            attributes=dict(facts),
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            yield TelemetrySpan(span)


class TelemetrySpan:
    """A span of OpenTelemetry."""

    def __init__(self, span: trace.Span) -> None:
        self._span = span

    def note(self, facts: Facts) -> None:
        self._span.set_attributes(dict(facts))

    def fail(self, reason: str) -> None:
        self._span.set_status(Status(StatusCode.ERROR, reason))


def otlp_exporter(endpoint: str) -> SpanExporter:
    """Sends spans to a collector over gRPC; plain text unless the endpoint is https."""
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter

    return OTLPSpanExporter(endpoint=endpoint, timeout=5)
