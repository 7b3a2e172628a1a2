"""What a client shows to a server, and how it knows that it is the right one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import grpc

from topodesign.domain.addresses import is_loopback
from topodesign.domain.errors import InvalidInput

ENVIRONMENT = "TOPODESIGN_"
SOCKETS = ("unix:", "unix-abstract:")
TRUE = ("1", "true", "yes")


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """How a client comes to a server that asks who calls.

    Parameters
    ----------
    token : str
        What ``topodesign token create`` printed; empty: none.
    tls : bool
        Whether to use TLS with the authorities that this machine trusts.
    ca : Path, optional
        PEM file of the authority that the server's certificate must be signed by; implies ``tls``.
    certificate, key : Path, optional
        PEM files of the client's own certificate, for servers that ask for one; imply ``tls``.
    insecure : bool
        Whether the token may go over the network in plain text.

    Raises
    ------
    InvalidInput
        When only one of certificate and key is given.
    """

    token: str = field(default="", repr=False)
    tls: bool = False
    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    insecure: bool = False

    def __post_init__(self) -> None:
        if (self.certificate is None) != (self.key is None):
            raise InvalidInput(
                "a client's certificate and its key belong together; give both or neither",
                reason="TLS_INCOMPLETE",
                field_path="certificate",
            )

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Access":
        """What the environment says.

        ``TOPODESIGN_TOKEN``, ``TOPODESIGN_TLS``, ``TOPODESIGN_TLS_CA``, ``TOPODESIGN_CLIENT_CERTIFICATE``,
        ``TOPODESIGN_CLIENT_KEY``, ``TOPODESIGN_CLIENT_INSECURE``.

        None of them is an option of a server that is started in the same environment.
        """

        def given(name: str) -> str:
            return environment.get(ENVIRONMENT + name, "").strip()

        def file(name: str) -> Path | None:
            return Path(given(name)) if given(name) else None

        return cls(
            token=given("TOKEN"),
            tls=given("TLS").lower() in TRUE,
            ca=file("TLS_CA"),
            certificate=file("CLIENT_CERTIFICATE"),
            key=file("CLIENT_KEY"),
            insecure=given("CLIENT_INSECURE").lower() in TRUE,
        )

    @property
    def is_encrypted(self) -> bool:
        return self.tls or self.ca is not None or self.certificate is not None

    @property
    def metadata(self) -> tuple[tuple[str, str], ...]:
        """What every call carries."""
        return (("authorization", f"Bearer {self.token}"),) if self.token else ()

    def credentials(self) -> grpc.ChannelCredentials | None:
        """For the channel; ``None``: plain text. Raises :class:`InvalidInput` for files that cannot be read."""
        if not self.is_encrypted:
            return None
        return grpc.ssl_channel_credentials(_read(self.ca), _read(self.key), _read(self.certificate))

    def require_safe(self, target: str) -> None:
        """Raise :class:`InvalidInput` when the token would go over the network in plain text, unasked."""
        host = target.rpartition(":")[0].strip("[]") or target
        stays_here = target.startswith(SOCKETS) or is_loopback(host)
        if self.token and not self.is_encrypted and not self.insecure and not stays_here:
            raise InvalidInput(
                f"the token would go to {target} in plain text; use TLS (TOPODESIGN_TLS_CA, or TOPODESIGN_TLS=1 for a "
                "server that this machine trusts), or TOPODESIGN_CLIENT_INSECURE=1 where something else encrypts",
                reason="TLS_REQUIRED",
                field_path="token",
                metadata={"target": target},
            )


def _read(path: Path | None) -> bytes | None:
    if path is None:
        return None
    try:
        return path.read_bytes()
    except OSError as error:
        raise InvalidInput(
            f"{path} cannot be read for TLS: {error.strerror or error}; give a PEM file",
            reason="TLS_FILES_UNUSABLE",
            metadata={"files": str(path)},
        ) from None
