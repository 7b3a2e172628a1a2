"""TLS of the server: its certificate, the authority of its clients, and new files without a restart.

gRPC takes TLS 1.2 and 1.3 only, and asks for the certificate at each handshake: whoever renews one replaces the files,
and the next connection gets it. Connections that are open keep what they began with.
"""

import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import grpc
import structlog

from topodesign.domain.errors import InvalidInput

log = structlog.get_logger("topodesign_server")

Stamp = tuple[tuple[int, int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsFiles:
    """PEM files: the server's certificate with its chain, its key, and the authority that clients' are signed by.

    With ``client_ca`` every client needs a certificate.
    """

    certificate: Path
    key: Path
    client_ca: Path | None = None

    @property
    def paths(self) -> tuple[Path, ...]:
        return (self.certificate, self.key) if self.client_ca is None else (self.certificate, self.key, self.client_ca)


class Certificates:
    """What is in the files, read again when they change.

    Raises
    ------
    InvalidInput
        When a file cannot be read, or certificate and key do not belong together.
    """

    def __init__(self, files: TlsFiles) -> None:
        self._files = files
        self._lock = threading.Lock()
        self._stamp = _stamp(files)
        self._first = _read(files)

    def credentials(self) -> grpc.ServerCredentials:
        """The credentials for a port."""
        return grpc.dynamic_ssl_server_credentials(
            self._first,
            cast("Callable[[], grpc.ServerCertificateConfiguration]", self._changed),  # the stubs know of no None
            require_client_authentication=self._files.client_ca is not None,
        )

    def _changed(self) -> grpc.ServerCertificateConfiguration | None:
        """The new files for the handshake that begins; ``None``, as before, when they are the same or not sound."""
        with self._lock:
            try:
                stamp = _stamp(self._files)
                if stamp == self._stamp:
                    return None
                found = _read(self._files)
                if _stamp(self._files) != stamp:
                    return None  # being written: the next handshake looks again
            except InvalidInput as error:
                log.warning("certificates_refused", why=error.message, advice="the earlier ones stay in use")
                return None
            self._stamp = stamp
            log.info("certificates_renewed", certificate=str(self._files.certificate))
            return found


def _stamp(files: TlsFiles) -> Stamp:
    try:
        found = [path.stat() for path in files.paths]
    except OSError as error:
        raise _unusable(error.filename, error.strerror or str(error)) from None
    return tuple((one.st_mtime_ns, one.st_size, one.st_ino) for one in found)


def _read(files: TlsFiles) -> grpc.ServerCertificateConfiguration:
    """The files, checked: gRPC itself would take anything, and fail at the first handshake."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(files.certificate, files.key, password=_no_password)
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        raise _unusable(f"{files.certificate} with {files.key}", str(error)) from None
    if files.client_ca is not None:
        try:
            context.load_verify_locations(files.client_ca)
        except (OSError, ValueError) as error:
            raise _unusable(str(files.client_ca), str(error)) from None
    return grpc.ssl_server_certificate_configuration(
        [(files.key.read_bytes(), files.certificate.read_bytes())],
        root_certificates=None if files.client_ca is None else files.client_ca.read_bytes(),
    )


def _no_password() -> bytes:
    """For a key with a password: nobody is there to type it, so that it is refused."""
    raise ValueError("the key has a password; give it without one, readable by the service only")


def _unusable(what: str, why: str) -> InvalidInput:
    return InvalidInput(
        f"{what} cannot be used for TLS: {why}; give PEM files of a certificate, its key and, for certificates of "
        "clients, the authority that signs them",
        reason="TLS_FILES_UNUSABLE",
        metadata={"files": what},
    )
