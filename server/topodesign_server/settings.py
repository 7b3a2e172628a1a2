"""How a server is run: every option with its default, unit and range."""

from dataclasses import dataclass
from pathlib import Path

from topodesign_server.options import check, option, options_of

MIB = 1024 * 1024
GIB = 1024 * MIB


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """Options of one server, checked on construction.

    Everything is kept in a SQLite file in ``data_directory``, which one server uses at a time, or in the PostgreSQL at
    ``database_url``, which several may share. A running job belongs to its server under a lease, renewed three times in
    its span; when it has run out, another server starts the job again. What has ended is forgotten in time.

    Raises
    ------
    InvalidInput
        When an option is out of its range.
    """

    host: str = option("127.0.0.1", "Address to listen on; the default serves this machine only.")
    port: int = option(50051, "Port to listen on; 0 takes any free one.", at_least=0, at_most=65535)
    data_directory: Path = option(Path("topodesign-data"), "Folder of the SQLite file; one server uses it at a time.")
    address_file: Path | None = option(None, "File that gets HOST:PORT once the service answers.")
    workers: int = option(
        1, "Plans and sweeps made at a time; 0 leaves them to other servers.", at_least=0, at_most=256
    )
    queue_limit: int = option(1000, "Plans that may wait; more are refused.", at_least=1)
    call_slots: int = option(2, "Answers (verification, export, fabrics) computed at a time.", at_least=1, at_most=256)
    call_queue_limit: int = option(32, "Answers that may wait to be computed; more are refused.", at_least=0)
    warm_children: int = option(
        2, "Processes kept for small fabrics; with 0 each has its own, as larger ones do.", at_least=0, at_most=64
    )
    fabric_limit_s: float = option(120.0, "Longest time for the evaluation of fabrics.", unit="s", above=0)
    fabric_memory_bytes: int = option(
        4 * GIB, "Address space that one evaluation of fabrics may take.", unit="bytes", at_least=512 * MIB
    )
    cancel_grace_s: float = option(
        0.5, "Time that a cancelled solve has to end by itself; its best plan is kept.", unit="s", at_least=0
    )
    overrun_s: float = option(
        120.0, "Time by which a solve may outlive its own limit before it is ended.", unit="s", at_least=0
    )
    drain_grace_s: float = option(
        5.0, "Time that running calls have after SIGTERM before they are cancelled.", unit="s", at_least=0
    )
    message_bytes: int = option(64 * MIB, "Largest message that is read or sent.", unit="bytes", at_least=1024)
    max_attempts: int = option(5, "Attempts at a job that may be lost, or crash, before it is given up.", at_least=1)
    retry_pause_s: float = option(
        1.0, "Time before a job whose solver crashed is tried again; doubled each time.", unit="s", at_least=0
    )
    tenant_queue_limit: int = option(100, "Plans of one tenant that may wait; more are refused.", at_least=1)
    plan_memory_bytes: int = option(
        8 * GIB,
        "Memory that the making of one plan, or an answer about one, may take.",
        unit="bytes",
        at_least=512 * MIB,
    )
    sweep_points: int = option(1000, "Points that one sweep may have.", at_least=1, at_most=10_000)
    sweep_point_s: float = option(3600.0, "Longest time limit of one point of a sweep.", unit="s", above=0)
    call_limit_s: float = option(600.0, "Longest time for a verification, an export or a reading.", unit="s", above=0)
    database_url: str | None = option(
        None,
        "PostgreSQL that servers share (postgresql://user:password@host/database); without one, a SQLite file.",
        is_secret=True,
    )
    store_timeout_s: float = option(
        10.0, "Longest wait for other transactions before the store is said to be busy.", unit="s", above=0
    )
    lease_s: float = option(
        15.0, "Time after which another server takes a job whose server is silent.", unit="s", above=0
    )
    poll_s: float = option(
        0.5,
        "Time between looks for what others did to the database: servers to jobs, operators to tokens of streams.",
        unit="s",
        above=0,
    )
    sweep_s: float = option(600.0, "Time between sweeps of what is to be forgotten.", unit="s", above=0)
    keep_operations_days: float | None = option(
        30.0, "Age after which ended operations are forgotten.", unit="days", at_least=0
    )
    keep_histories_days: float | None = option(
        7.0, "Age after which the history of an ended job is forgotten but for its end.", unit="days", at_least=0
    )
    keep_unnamed_plans_days: float | None = option(
        None, "Age after which plans and sweeps are forgotten whose id the service chose.", unit="days", at_least=0
    )
    keep_request_ids_days: float | None = option(7.0, "How long a request_id is known.", unit="days", at_least=0)
    drain_delay_s: float = option(
        0.0,
        "Time after SIGTERM in which health says NOT_SERVING and calls are still answered, for balancers to notice.",
        unit="s",
        at_least=0,
    )
    health_s: float = option(5.0, "Time between looks whether the store answers.", unit="s", above=0)
    health_timeout_s: float = option(
        3.0, "Time after which a store that is silent is said to be unreachable.", unit="s", above=0
    )
    metrics_host: str = option("127.0.0.1", "Address of the metrics page (HTTP, without any login).")
    metrics_port: int | None = option(
        None, "Port of the metrics page; 0 takes any free one; without one there is no page.", at_least=0, at_most=65535
    )
    log_level: str = option(
        "info",
        "Least level that is logged; every call is one line of level info.",
        choices=("debug", "info", "warning", "error"),
    )
    log_format: str = option(
        "auto",
        "Form of the log on stderr; auto is console on a terminal and json elsewhere.",
        choices=("auto", "json", "console"),
    )
    traces_endpoint: str | None = option(
        None,
        "OTLP collector (gRPC) that gets OpenTelemetry traces, as http://localhost:4317; needs topodesign[telemetry].",
    )
    traces_share: float = option(
        1.0, "Share of the calls without a trace of their own that are traced.", at_least=0, at_most=1
    )
    answer_cache_bytes: int = option(
        32 * MIB,
        "Memory for the answers of FabricService to requests that were asked before.",
        unit="bytes",
        at_least=0,
    )
    plan_cache_bytes: int = option(64 * MIB, "Memory for plans that were read before.", unit="bytes", at_least=0)
    tls_certificate: Path | None = option(None, "PEM file of the server's certificate and its chain.")
    tls_key: Path | None = option(None, "PEM file of the certificate's key.")
    tls_client_ca: Path | None = option(None, "PEM file; every client needs a certificate of this authority.")
    certificate_tenant: str = option(
        "uri",
        "What of a client's certificate names its tenant: uri (spiffe://.../tenant/NAME) or its common_name.",
        choices=("uri", "common_name"),
    )
    insecure: bool = option(False, "Plain text beyond this machine, where something else encrypts.")
    auth: bool = option(False, "Ask for a token on loopback too; beyond it calls always need one, or a certificate.")
    reflection: bool = option(False, "Describe the service to tools that ask.")
    metadata_bytes: int = option(16 * 1024, "Headers that a call may have.", unit="bytes", at_least=1024)
    streams_per_connection: int = option(2048, "Calls at a time on one connection.", at_least=1)
    calls_waiting: int = option(30, "Calls that may wait to be looked at; more are refused at once.", at_least=1)
    calls_at_once: int = option(512, "Calls at a time, streams left out; more are refused at once.", at_least=1)
    streams_at_once: int = option(
        8192, "Streams, and calls that wait for a job, at a time; more are refused at once.", at_least=1
    )
    request_bytes: int = option(
        512 * MIB,
        "Requests that are read or worked on at a time; a tenant gets a quarter, or one request.",
        unit="bytes",
        at_least=MIB,
    )
    connection_limit: int = option(512, "Connections at a time; more are closed.", at_least=1)
    tenant_scenarios: int | None = option(None, "Scenarios that one tenant may keep.", at_least=0)
    tenant_plans: int | None = option(
        None, "Plans and sweeps that one tenant may keep, with those being made.", at_least=0
    )
    tenant_bytes: int | None = option(None, "Size of what one tenant may keep.", unit="bytes", at_least=0)
    tenant_calls_per_s: float | None = option(None, "Calls a second of one tenant on this server.", unit="1/s", above=0)
    tenant_calls_at_once: int | None = option(
        256,
        "Calls of one tenant here at a time, streams left out; never more than it leaves for others.",
        at_least=1,
    )
    tenant_streams_at_once: int | None = option(
        2000,
        "Streams of one tenant, and its calls that wait for a job, at a time; never more than it leaves for others.",
        at_least=1,
    )

    def __post_init__(self) -> None:
        for name, (_, described) in options_of(type(self)).items():
            check(name, getattr(self, name), described)
