"""Where a server listens: in plain text on loopback, by TLS anywhere."""

import grpc
import structlog

from topodesign.domain.addresses import is_loopback
from topodesign.domain.errors import InvalidInput
from topodesign_server.settings import ServerSettings
from topodesign_server.tls import Certificates, TlsFiles

log = structlog.get_logger("topodesign_server")

LEAST_PING_INTERVAL_MS = 10_000
MOST_PING_STRIKES = 2
HANDSHAKE_MS = 20_000
PING_MS = 60_000
"""Time of silence after which a connection with calls is asked whether anybody is there."""
PING_ANSWER_MS = 20_000
IDLE_MS = 300_000
"""Time without any call after which a connection is closed; clients open another when they need one."""


def requires_authentication(settings: ServerSettings) -> bool:
    """Whether calls must say who makes them: when asked for, with certificates of clients, and beyond loopback."""
    return settings.auth or settings.tls_client_ca is not None or not is_loopback(settings.host)


def certificates_of(settings: ServerSettings) -> Certificates | None:
    """The certificates that a server is to have, ``None`` for plain text on loopback, or where it is asked for.

    Raises
    ------
    InvalidInput
        When files are missing or unusable, or plain text would leave this machine unasked.
    """
    if settings.tls_certificate is not None and settings.tls_key is not None:
        files = TlsFiles(certificate=settings.tls_certificate, key=settings.tls_key, client_ca=settings.tls_client_ca)
        return Certificates(files)
    if settings.tls_certificate is not None or settings.tls_key is not None or settings.tls_client_ca is not None:
        raise InvalidInput(
            "TLS needs both the server's certificate and its key; give --tls-certificate and --tls-key",
            reason="TLS_INCOMPLETE",
            field_path="tls_certificate",
        )
    if not is_loopback(settings.host) and not settings.insecure:
        raise InvalidInput(
            f"host {settings.host} can be reached from other machines, and without TLS everybody on the way reads "
            "tokens and plans; give --tls-certificate and --tls-key, listen on 127.0.0.1, or say --insecure where "
            "something else encrypts",
            reason="TLS_REQUIRED",
            field_path="host",
            metadata={"host": settings.host},
        )
    return None


def channel_options(settings: ServerSettings) -> tuple[tuple[str, int], ...]:
    """What a server takes of its clients: sizes, streams, connections, pings."""
    return (
        ("grpc.max_receive_message_length", settings.message_bytes),
        ("grpc.max_send_message_length", settings.message_bytes),
        ("grpc.max_metadata_size", settings.metadata_bytes),
        ("grpc.absolute_max_metadata_size", settings.metadata_bytes),
        ("grpc.max_concurrent_streams", settings.streams_per_connection),
        ("grpc.max_allowed_incoming_connections", settings.connection_limit),
        ("grpc.server_handshake_timeout_ms", HANDSHAKE_MS),
        ("grpc.http2.min_ping_interval_without_data_ms", LEAST_PING_INTERVAL_MS),
        ("grpc.http2.max_ping_strikes", MOST_PING_STRIKES),
        ("grpc.keepalive_permit_without_calls", 0),
        ("grpc.keepalive_time_ms", PING_MS),
        ("grpc.keepalive_timeout_ms", PING_ANSWER_MS),
        ("grpc.http2.ping_timeout_ms", PING_ANSWER_MS),  # without it the former ends nothing: gRPC waits for 60 s
        ("grpc.http2.max_pings_without_data", 0),  # any number: a stream may say nothing for as long as a job waits
        ("grpc.max_connection_idle_ms", IDLE_MS),
        ("grpc.so_reuseport", 0),
    )


def bind(server: grpc.aio.Server, settings: ServerSettings, certificates: Certificates | None) -> str:
    """Bind the address and return it; raises :class:`InvalidInput` when that is not possible."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    address = f"{host}:{settings.port}"
    try:
        if certificates is None:
            port = server.add_insecure_port(address)
        else:
            port = server.add_secure_port(address, certificates.credentials())
    except RuntimeError as error:
        raise InvalidInput(
            f"address {address} cannot be bound: {error}; choose another host or port (0: any free one)",
            reason="ADDRESS_UNUSABLE",
            field_path="port",
            metadata={"address": address},
        ) from None
    if certificates is None and not is_loopback(settings.host):
        log.warning(
            "plain_text_on_the_network",
            address=f"{host}:{port}",
            advice="whoever is on the way reads tokens and plans, unless something else encrypts",
        )
    return f"{host}:{port}"
