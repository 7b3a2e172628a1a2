"""The tenant that a client's certificate names, and until when it may."""

import datetime
import re
import ssl
import time
from collections.abc import Iterable, Mapping

from topodesign.domain.errors import Unauthenticated
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

CERTIFICATE = "x509_pem_cert"
VERSION, UTC_TIME = 0xA0, 0x17
LONG_LENGTH = 0x80
"""Set in the first byte of a length that the bytes after it tell; the rest of it counts them."""
FIRST_YEAR_OF_1900 = 50
FIELDS_BEFORE_VALIDITY = 3
"""Serial number, algorithm of the signature, issuer."""


def end_of_certificate(peer: Mapping[str, Iterable[bytes]]) -> float | None:
    """Until when the other side's certificate is valid, in seconds since 1970; ``None`` when it gave none.

    gRPC looks at that when a connection is made, and a connection may last for months.

    References
    ----------
    RFC 5280, sections 4.1 and 4.1.2.5; ITU-T X.690 for the encoding.
    """
    found = list(peer.get(CERTIFICATE, ()))
    if not found:
        return None
    der = ssl.PEM_cert_to_DER_cert(found[0].decode("ascii"))
    _, whole, _ = _element(der, 0)
    _, at, _ = _element(der, whole)
    tag, _, after = _element(der, at)
    if tag == VERSION:
        at = after
    for _ in range(FIELDS_BEFORE_VALIDITY):
        _, _, at = _element(der, at)
    _, begin, _ = _element(der, at)
    _, _, end = _element(der, begin)
    tag, start, stop = _element(der, end)
    return _seconds(der[start:stop].decode("ascii"), is_short=tag == UTC_TIME)


def certificate_refusal(end: float | None) -> Unauthenticated | None:
    """Why calls with a certificate are refused that is valid until ``end``, in seconds since 1970; ``None``: they are
    not."""
    if end is None or time.time() <= end:
        return None
    ended = datetime.datetime.fromtimestamp(end, datetime.UTC).isoformat()
    return Unauthenticated(
        f"the client's certificate was valid until {ended}; connect again with a new one", reason="CERTIFICATE_EXPIRED"
    )


def _element(der: bytes, at: int) -> tuple[int, int, int]:
    """Tag of an element, and where its content begins and ends."""
    length, start = der[at + 1], at + 2
    if length & LONG_LENGTH:
        count = length & ~LONG_LENGTH
        length, start = int.from_bytes(der[start : start + count], "big"), start + count
    return der[at], start, start + length


def _seconds(text: str, *, is_short: bool) -> float:
    """A time of a certificate in seconds since 1970; RFC 5280 has them in UTC, with seconds and without fractions."""
    if is_short:
        text = ("19" if int(text[:2]) >= FIRST_YEAR_OF_1900 else "20") + text
    return datetime.datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=datetime.UTC).timestamp()
