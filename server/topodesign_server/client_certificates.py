"""The tenant that a client's certificate names."""

import re
from collections.abc import Iterable, Mapping

from topodesign_server.names import ID_PATTERN

URI, COMMON_NAME = "uri", "common_name"
SPIFFE = re.compile(rf"spiffe://[A-Za-z0-9._-]+(?:/[A-Za-z0-9._-]+)*/tenant/({ID_PATTERN.pattern})", re.ASCII)


def tenant_of_certificate(peer: Mapping[str, Iterable[bytes]], *, named_by: str) -> str | None:
    """The tenant of the other side of a connection, ``None`` when it gave no certificate or one that names none.

    Parameters
    ----------
    peer : mapping of str to iterable of bytes
        What gRPC verified of the other side (``auth_context``).
    named_by : str
        ``uri``: the one SPIFFE id in the certificate, ``spiffe://TRUST-DOMAIN/.../tenant/NAME``; a certificate with
        several URIs names nobody. ``common_name``: the common name of its subject is the tenant's name.
    """
    found = [value.decode("utf-8", errors="replace") for value in peer.get(_KEYS[named_by], ())]
    if len(found) != 1:
        return None
    match = (SPIFFE if named_by == URI else COMMON).fullmatch(found[0])
    return match[1] if match else None


COMMON = re.compile(f"({ID_PATTERN.pattern})", re.ASCII)
_KEYS = {URI: "peer_uri", COMMON_NAME: "x509_common_name"}
