"""How a Dask cluster is reached: where its scheduler is, and the certificates of both sides. Loads nothing of Dask."""

import importlib.util
import ssl
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from topodesign.domain.addresses import is_loopback
from topodesign.domain.errors import InvalidInput, NotFound

ENCRYPTED = "tls"
PLAIN = "tcp"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterAccess:
    """Where the scheduler of a cluster is, and what proves who both sides are.

    Parameters
    ----------
    scheduler : str
        ``tls://HOST:PORT``, or ``tcp://HOST:PORT`` on this machine.
    tls_ca : Path, optional
        PEM file of the authority that signed the certificates of scheduler and workers; with ``tls://`` only.
    tls_cert, tls_key : Path, optional
        PEM files of this side's certificate and its key.
    insecure : bool
        Allow ``tcp://`` beyond this machine, where something else encrypts.

    Raises
    ------
    InvalidInput
        For an address that is none (``SCHEDULER_INVALID``), plain text that would leave this machine unasked
        (``TLS_REQUIRED``), and certificates that are missing (``TLS_INCOMPLETE``), without use (``TLS_UNUSED``) or not
        sound (``TLS_FILES_UNUSABLE``).
    """

    scheduler: str
    tls_ca: Path | None = None
    tls_cert: Path | None = None
    tls_key: Path | None = None
    insecure: bool = False

    def __post_init__(self) -> None:
        address = _address_of(self.scheduler)
        if address.scheme == PLAIN:
            self._require_here(address.hostname or "")
            return
        if self.tls_ca is None or self.tls_cert is None or self.tls_key is None:
            raise InvalidInput(
                f"{self.scheduler} wants TLS of both sides; give --tls-ca (who signed the certificates of the cluster) "
                "and --tls-cert and --tls-key (this side's certificate and its key)",
                reason="TLS_INCOMPLETE",
                field_path="--tls-cert",
                metadata={"scheduler": self.scheduler},
            )
        _require_sound(self.tls_ca, self.tls_cert, self.tls_key)

    @property
    def is_encrypted(self) -> bool:
        return urlsplit(self.scheduler).scheme == ENCRYPTED

    def _require_here(self, host: str) -> None:
        given = [place for place in (self.tls_ca, self.tls_cert, self.tls_key) if place is not None]
        if given:
            raise InvalidInput(
                f"{given[0]} is a file of TLS, and {self.scheduler} is plain text; give tls://, or no certificates",
                reason="TLS_UNUSED",
                field_path="--scheduler",
                metadata={"scheduler": self.scheduler},
            )
        if not is_loopback(host) and not self.insecure:
            raise InvalidInput(
                f"scheduler {self.scheduler} is on another machine, and without TLS everybody on the way reads "
                "scenarios and plans and can have the workers run anything; give tls:// with --tls-ca, --tls-cert and "
                "--tls-key, or say --insecure where something else encrypts",
                reason="TLS_REQUIRED",
                field_path="--scheduler",
                metadata={"host": host},
            )


def require_cluster_extra() -> None:
    """Raise :class:`NotFound` where Dask.distributed is not installed; does not load it."""
    if importlib.util.find_spec("distributed") is None:
        raise NotFound(
            "Dask.distributed is not installed, which an engine on a cluster needs; install the extra with: "
            "pip install 'topodesign[cluster]'",
            reason="EXTRA_NOT_INSTALLED",
            metadata={"extra": "cluster"},
        )


def _address_of(scheduler: str) -> SplitResult:
    try:
        address = urlsplit(scheduler)
        is_sound = address.scheme in (ENCRYPTED, PLAIN) and bool(address.hostname) and bool(address.port)
        is_sound = is_sound and not (address.path or address.query or address.fragment or address.username)
    except ValueError:  # a port that is no number
        is_sound = False
    if not is_sound:
        raise InvalidInput(
            f"scheduler {scheduler!r} is no address; give tls://HOST:PORT (tcp://127.0.0.1:PORT on this machine)",
            reason="SCHEDULER_INVALID",
            field_path="--scheduler",
            metadata={"scheduler": scheduler},
        )
    return address


def _require_sound(ca: Path, certificate: Path, key: Path) -> None:
    try:
        context = ssl.create_default_context(cafile=ca)
        context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        raise InvalidInput(
            f"the certificates cannot be used: {error} (authority {ca}, certificate {certificate}, key {key}); give "
            "PEM files that can be read, and a key that belongs to its certificate",
            reason="TLS_FILES_UNUSABLE",
            field_path="--tls-cert",
            metadata={"ca": str(ca), "certificate": str(certificate), "key": str(key)},
        ) from None
