"""Who calls: a bearer token, a client's certificate, or both when they agree."""

from __future__ import annotations  # gRPC's types take parameters for type checkers only

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any

import grpc

from topodesign.domain.errors import Unauthenticated
from topodesign_server.client_certificates import certificate_refusal, end_of_certificate, tenant_of_certificate
from topodesign_server.offloading import Offloader
from topodesign_server.standing_calls import StandingCalls
from topodesign_server.tables import DEFAULT_TENANT
from topodesign_server.token_store import KnownToken, TokenStore
from topodesign_server.token_uses import TokenUses

HEADER = "authorization"
SCHEME = "bearer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Presented:
    """The token that came with a call, checked; ``text`` is kept for asking again while a stream runs."""

    known: KnownToken | None = None
    text: str = field(default="", repr=False)  # a repr is what a log would show


class Authentication:
    """Finds the tenant of each call.

    Parameters
    ----------
    tokens : TokenStore
    offload : Offloader
        Threads for looking tokens up; its own, so that no flood of wrong ones holds up the store.
    uses : TokenUses
        Told of tokens whose use should be noted.
    is_required : bool
        Whether calls that present nothing are refused; otherwise they are those of the tenant ``default``. A token that
        is presented is checked in any case.
    has_certificates : bool
        Whether the connection itself is proof already: every client has a certificate.
    named_by : str
        What of a certificate names the tenant, see :func:`tenant_of_certificate`.
    look_s : float
        Time between two looks whether those who have streams may still have them.
    """

    def __init__(
        self,
        tokens: TokenStore,
        offload: Offloader,
        uses: TokenUses,
        *,
        is_required: bool,
        has_certificates: bool,
        named_by: str,
        look_s: float,
    ) -> None:
        self._tokens = tokens
        self._offload = offload
        self._is_required = is_required
        self._has_certificates = has_certificates
        self._named_by = named_by
        self._uses = uses
        self.standing_calls = StandingCalls(lambda ids: offload(tokens.refusals, ids), look_s=look_s)

    async def presented(self, metadata: Sequence[tuple[str, str | bytes]]) -> Presented:
        """The token in the metadata of a call, before anything of its message is read.

        Raises
        ------
        Unauthenticated
            When it is not valid, or is missing where nothing else can say who calls.
        """
        given = [value for key, value in metadata if key.lower() == HEADER]
        if not given:
            if self._is_required and not self._has_certificates:
                raise Unauthenticated(
                    "the call has no token; send one as metadata: authorization: Bearer TOKEN, "
                    "made by topodesign token create",
                    reason="TOKEN_MISSING",
                )
            return Presented()
        text = _token_in(given)
        known = await self._offload(self._tokens.check, text)
        if known.use_is_due:
            self._uses.note(known.id)
        return Presented(known=known, text=text)

    def tenant(self, presented: Presented, context: grpc.aio.ServicerContext[Any, Any]) -> str:
        """The tenant of a call; raises :class:`Unauthenticated` when nobody or nothing says which, or two disagree."""
        self._require_current_certificate(context)
        named = tenant_of_certificate(context.auth_context(), named_by=self._named_by)
        if presented.known is not None:
            if named is not None and named != presented.known.tenant:
                raise Unauthenticated(
                    "the token and the client's certificate are of different tenants; send those of one",
                    reason="CREDENTIALS_DISAGREE",
                )
            return presented.known.tenant
        if named is not None:
            return named
        if self._is_required:
            raise Unauthenticated(
                "the client's certificate names no tenant, and there is no token; send a token, or a certificate as "
                "docs/security.md describes",
                reason="CERTIFICATE_WITHOUT_TENANT",
            )
        return DEFAULT_TENANT

    def standing(
        self, presented: Presented, context: grpc.aio.ServicerContext[Any, Any]
    ) -> AbstractAsyncContextManager[None]:
        """What is done in it ends with :class:`Unauthenticated` soon after token or certificate are no longer valid."""
        return self.standing_calls.standing(
            token_id=None if presented.known is None else presented.known.id,
            certificate_end=self._certificate_end(context),
        )

    async def send(self, answer: Any, presented: Presented, context: grpc.aio.ServicerContext[Any, Any]) -> None:
        """Send one of several answers; raises :class:`Unauthenticated` when its caller may no longer have it."""
        self._require_current_certificate(context)
        if presented.known is not None:
            await self._offload(self._tokens.check, presented.text)
        with self.standing_calls.sending():
            await context.write(answer)

    def _require_current_certificate(self, context: grpc.aio.ServicerContext[Any, Any]) -> None:
        refusal = certificate_refusal(self._certificate_end(context))
        if refusal is not None:
            raise refusal

    def _certificate_end(self, context: grpc.aio.ServicerContext[Any, Any]) -> float | None:
        return end_of_certificate(context.auth_context()) if self._has_certificates else None


def _token_in(given: Sequence[str | bytes]) -> str:
    value = given[0].decode("ascii", errors="replace") if isinstance(given[0], bytes) else given[0]
    scheme, _, text = value.partition(" ")
    if len(given) != 1 or scheme.lower() != SCHEME or not text.strip():
        raise Unauthenticated(
            "the metadata authorization must be there once, as in: authorization: Bearer TOKEN", reason="TOKEN_INVALID"
        )
    return text.strip()
