"""Runs a server whose spans are kept in memory, and written to a file at its end: what a test starts as a process."""

import json
import sys
from pathlib import Path

from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from topodesign_server.running import run_server
from topodesign_server.settings import ServerSettings

if __name__ == "__main__":
    options = json.loads(sys.argv[1])
    spans_file = Path(options["data_directory"]) / "spans.json"
    exporter = InMemorySpanExporter()
    run_server(
        ServerSettings(data_directory=Path(options.pop("data_directory")), **options),
        span_exporter=exporter,
    )
    spans_file.write_text(json.dumps([json.loads(span.to_json()) for span in exporter.get_finished_spans()]))
