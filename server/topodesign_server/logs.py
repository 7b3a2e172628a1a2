"""Logs on stderr: one JSON object a line, or for people on a terminal.

What a log says of a call is bound to its context (:mod:`topodesign_server.observing`), so that every line written on
its behalf carries the request id. Payloads are never logged: traces of defects show no values of variables.
"""

import logging
import os
import sys
from dataclasses import dataclass

import structlog
from structlog.typing import Processor

JSON, CONSOLE, AUTO = "json", "console", "auto"
INHERITED = "_TOPODESIGN_LOGS"


@dataclass(frozen=True, slots=True, kw_only=True)
class LogOptions:
    """Least level (``info``), and form: ``json``, ``console``, or ``auto`` for console on a terminal only."""

    level: str = "info"
    form: str = AUTO


def configure_logs(options: LogOptions | None = None) -> None:
    """Send structured logs to stderr, with level, UTC time and, for defects, the trace.

    What a server sets is left in the environment for the processes that it starts, which give no options.
    """
    if options is None:
        level, _, form = os.environ.get(INHERITED, "").partition(" ")
        options = LogOptions(level=level, form=form) if form else LogOptions()
    else:
        os.environ[INHERITED] = f"{options.level} {options.form}"
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *_rendering(options.form),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[options.level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def _rendering(form: str) -> list[Processor]:
    if form == CONSOLE or (form == AUTO and sys.stderr.isatty()):
        return [
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback)
        ]
    traces = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)  # locals hold payloads and passwords
    return [structlog.processors.ExceptionRenderer(traces), structlog.processors.JSONRenderer(sort_keys=True)]
