"""The clients of the gRPC service: the same domain objects go in and come back.

gRPC is loaded when a name of this package is first used, not when the package is imported.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from topodesign.client.access import Access
    from topodesign.client.async_client import AsyncClient
    from topodesign.client.async_job import AsyncJob
    from topodesign.client.async_sweep_job import AsyncSweepJob
    from topodesign.client.client import Client
    from topodesign.client.job import Job
    from topodesign.client.kept import (
        ExportFormat,
        JobKind,
        JobState,
        JobStatus,
        KeptPlan,
        KeptScenario,
        KeptSweep,
        SweepFormat,
    )
    from topodesign.client.sweep_job import SweepJob

__all__ = [
    "Access",
    "AsyncClient",
    "AsyncJob",
    "AsyncSweepJob",
    "Client",
    "ExportFormat",
    "Job",
    "JobKind",
    "JobState",
    "JobStatus",
    "KeptPlan",
    "KeptScenario",
    "KeptSweep",
    "SweepFormat",
    "SweepJob",
]

_MODULE_OF = {
    "Access": "access",
    "AsyncClient": "async_client",
    "AsyncJob": "async_job",
    "AsyncSweepJob": "async_sweep_job",
    "Client": "client",
    "Job": "job",
    "SweepJob": "sweep_job",
}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"topodesign.client.{_MODULE_OF.get(name, 'kept')}"), name)
