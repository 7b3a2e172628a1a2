"""How a client reaches its server."""

import re
from dataclasses import dataclass, field

from topodesign.client.access import Access
from topodesign.domain.checks import require_number
from topodesign.domain.errors import InvalidInput

TARGET = re.compile(r"(unix|unix-abstract|dns|ipv4|ipv6):\S+|\S+:\d{1,5}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionOptions:
    """Where the server is, and how long to wait for it.

    Parameters
    ----------
    target : str
        ``host:port``, or another name that gRPC resolves (``unix:/run/topodesign.sock``).
    timeout_s : float
        Seconds within which a call must be answered, repetitions included; above 0.
    retry_for_s : float
        Seconds for which calls that may be repeated are repeated while the server cannot be reached; 0: never.
    access : Access
        Token and TLS; by default neither.
    """

    target: str
    timeout_s: float
    retry_for_s: float
    access: Access = field(default_factory=Access)

    def __post_init__(self) -> None:
        if TARGET.fullmatch(self.target) is None:
            raise InvalidInput(
                f"the server's address is {self.target!r}, but it must be HOST:PORT; give one such as localhost:50051",
                reason="TARGET_INVALID",
                field_path="target",
                metadata={"value": self.target},
            )
        require_number(self.timeout_s, field="timeout_s", above=0)
        require_number(self.retry_for_s, field="retry_for_s", at_least=0)
