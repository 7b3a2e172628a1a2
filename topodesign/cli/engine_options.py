"""Where the tasks of a command run: options that all commands of many solves share, and the engine that they name."""

import functools
import inspect
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from topodesign.cli.given_paths import path
from topodesign.domain.errors import InvalidInput

if TYPE_CHECKING:
    from topodesign.sweeps.cluster_access import ClusterAccess
    from topodesign.sweeps.engine import Engine

DEFAULT_WORKERS = 2
EngineName = Literal["local", "dask"]

ChosenEngine = AbstractContextManager["Engine"]
EngineOption = Annotated[
    EngineName,
    typer.Option("--engine", help="Processes of this machine, or of the workers of a Dask cluster."),
]
Workers = Annotated[int, typer.Option("--workers", help="Processes that solve at the same time, with --engine local.")]
Scheduler = Annotated[
    str | None,
    typer.Option("--scheduler", help="Scheduler of the cluster, with --engine dask: tls://HOST:PORT."),
]
TlsCa = Annotated[
    Path | None,
    typer.Option("--tls-ca", parser=path, help="PEM file of the authority that signed the cluster's certificates."),
]
TlsCert = Annotated[
    Path | None,
    typer.Option("--tls-cert", parser=path, help="PEM file of the certificate that the cluster is shown."),
]
TlsKey = Annotated[Path | None, typer.Option("--tls-key", parser=path, help="PEM file of that certificate's key.")]
Insecure = Annotated[
    bool,
    typer.Option("--insecure", help="Plain text (tcp://) beyond this machine, where something else encrypts."),
]


def engine_for(
    engine: EngineOption = "local",
    *,
    workers: Workers = DEFAULT_WORKERS,
    scheduler: Scheduler = None,
    tls_ca: TlsCa = None,
    tls_cert: TlsCert = None,
    tls_key: TlsKey = None,
    insecure: Insecure = False,
) -> ChosenEngine:
    """The engine that the options name: they are checked now, and it begins when the context is entered.

    Raises
    ------
    InvalidInput
        When options are missing or of the other engine, and those of
        :class:`~topodesign.sweeps.cluster_access.ClusterAccess`.
    NotFound
        When the extra that a cluster needs is not installed.
    """
    from topodesign.sweeps.cluster_access import ClusterAccess, require_cluster_extra
    from topodesign.sweeps.local_engine import LocalEngine

    if engine == "local":
        of_cluster = {
            "--scheduler": scheduler, "--tls-ca": tls_ca, "--tls-cert": tls_cert, "--tls-key": tls_key,
            "--insecure": insecure or None,
        }  # fmt: skip
        for option in [option for option, value in of_cluster.items() if value is not None]:
            raise InvalidInput(f"{option} is of a cluster; say --engine dask with it", field_path=option)
        return LocalEngine(workers)
    if scheduler is None:
        raise InvalidInput("--engine dask needs a cluster; give --scheduler tls://HOST:PORT", field_path="--scheduler")
    if workers != DEFAULT_WORKERS:
        raise InvalidInput(
            "--workers is of --engine local; a cluster solves as much at a time as its workers have threads",
            field_path="--workers",
        )
    require_cluster_extra()
    return _on_cluster(
        ClusterAccess(scheduler=scheduler, tls_ca=tls_ca, tls_cert=tls_cert, tls_key=tls_key, insecure=insecure)
    )


def with_engine_options(command: Callable[..., None]) -> Callable[..., None]:
    """A command with the options of :func:`engine_for` in place of its ``engine``, which is the one that they name."""
    options = inspect.signature(engine_for).parameters
    parameters = []
    for name, parameter in inspect.signature(command).parameters.items():
        parameters += [*options.values()] if name == "engine" else [parameter]

    @functools.wraps(command)
    def with_options(**given: Any) -> None:
        chosen = engine_for(**{name: given.pop(name) for name in options})
        command(engine=chosen, **given)

    # what makes the command line looks at the signature, and must not look behind it
    del with_options.__wrapped__
    with_options.__annotations__ = {}
    keyword_only = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in parameters]
    with_options.__signature__ = inspect.Signature(keyword_only)  # type: ignore[attr-defined]
    return with_options


@contextmanager
def _on_cluster(access: "ClusterAccess") -> Iterator["Engine"]:
    from topodesign.sweeps.dask_engine import DaskEngine

    with DaskEngine(access) as engine:
        yield engine
