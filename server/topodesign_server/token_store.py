"""Bearer tokens: made once, kept as digests, revoked at once.

A token is ``topodesign_ID_SECRET``. The secret has 256 random bits, so a plain SHA-256 hides it: there is nothing to
guess that a slow hash would protect (as there is with passwords). The id finds the row and is no secret.
"""

import hmac
import re
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from hashlib import sha256

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from topodesign.domain.checks import require
from topodesign.domain.errors import Conflict, NotFound, Unauthenticated
from topodesign_server.database import Database
from topodesign_server.names import ID_PATTERN
from topodesign_server.tables import tokens

DAY_S = 24 * 3600.0
SECRET_BYTES = 32
ID_BYTES = 6
LONGEST_NAME = 120
USE_NOTED_EVERY_S = 600.0
FORM = re.compile(r"topodesign_([0-9a-f]{12})_([A-Za-z0-9_-]{43})", re.ASCII)
NOBODYS_DIGEST = bytes(32)


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRow:
    """A token without its secret; times are seconds since 1970, ``use_time`` to within ten minutes."""

    id: str
    tenant: str
    name: str
    create_time: float
    expire_time: float | None
    revoke_time: float | None
    use_time: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownToken:
    """A token that was presented and is valid; ``use_is_due`` when its use should be noted."""

    id: str
    tenant: str
    use_is_due: bool


VISIBLE = tuple(tokens.c[name] for name in TokenRow.__slots__)


class TokenStore:
    """Tokens of one database. Every method is one transaction and may be called from any thread."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, tenant: str, name: str, *, expire_days: float | None = None) -> tuple[TokenRow, str]:
        """Make a token.

        Parameters
        ----------
        tenant : str
            Whose scenarios and plans its bearer sees; a tenant is there as soon as it has a token.
        name : str
            Says to people what the token is for; up to 120 characters, need not be unique.
        expire_days : float, optional
            Days after which it is no longer valid, above 0; ``None``: until it is revoked.

        Returns
        -------
        TokenRow, str
            The token as lists show it, and the text that its bearer sends, which nobody can get a second time.

        Raises
        ------
        InvalidInput
            When an argument is out of its range.
        """
        require_tenant(tenant)
        require(
            0 < len(name) <= LONGEST_NAME and name.isprintable(),
            field="name",
            value=name[:LONGEST_NAME],
            limit=f"1 to {LONGEST_NAME} printable characters",
            remedy="say in a few words what the token is for",
        )
        require(
            expire_days is None or 0 < expire_days <= 36500,
            field="expires",
            value=expire_days,
            limit="above 0 and at most 36500 days",
            remedy="leave it out for a token that is valid until it is revoked",
        )
        token_id, secret = secrets.token_hex(ID_BYTES), secrets.token_urlsafe(SECRET_BYTES)
        with self._database.writing() as connection:
            now = self._database.now(connection)
            values = {
                "id": token_id,
                "tenant": tenant,
                "name": name,
                "digest": _digest(secret),
                "create_time": now,
                "expire_time": None if expire_days is None else now + expire_days * DAY_S,
            }
            connection.execute(tokens.insert().values(values))
            return _as_row(_find(connection, token_id)), f"topodesign_{token_id}_{secret}"

    def rows(self, tenant: str | None = None) -> list[TokenRow]:
        """Every token, or those of one tenant, the oldest first."""
        query = sa.select(*VISIBLE).order_by(tokens.c.create_time, tokens.c.id)
        if tenant is not None:
            query = query.where(tokens.c.tenant == tenant)
        with self._database.reading() as connection:
            return [_as_row(row) for row in connection.execute(query)]

    def revoke(self, token_id: str) -> TokenRow:
        """Make a token invalid for every call that begins from now on, and every answer that a stream has yet to give.

        Raises
        ------
        NotFound
            When there is no such token.
        Conflict
            When it was revoked before.
        """
        with self._database.writing() as connection:
            if _find(connection, token_id).revoke_time is not None:
                raise Conflict(
                    f"token {token_id} was revoked before; nothing is left to do",
                    reason="ALREADY_REVOKED",
                    metadata={"id": token_id},
                )
            now = self._database.now(connection)
            connection.execute(tokens.update().where(tokens.c.id == token_id).values(revoke_time=now))
            return _as_row(_find(connection, token_id))

    def check(self, text: str) -> KnownToken:
        """The token that a caller presents.

        Only who knows the secret learns that a token has expired or was revoked; to anyone else one that there is looks
        like one that there is not.

        Raises
        ------
        Unauthenticated
            When it is not valid.
        """
        form = FORM.fullmatch(text)
        if form is None:
            raise _unknown_token()
        token_id, secret = form.groups()
        with self._database.reading() as connection:
            row = connection.execute(sa.select(tokens).where(tokens.c.id == token_id)).one_or_none()
            now = self._database.now(connection)
        is_known = hmac.compare_digest(NOBODYS_DIGEST if row is None else bytes(row.digest), _digest(secret))
        if row is None or not is_known:
            raise _unknown_token()
        refusal = _refusal(row, now)
        if refusal is not None:
            raise refusal
        is_due = row.use_time is None or now - row.use_time > USE_NOTED_EVERY_S
        return KnownToken(id=row.id, tenant=row.tenant, use_is_due=is_due)

    def refusals(self, token_ids: Collection[str]) -> Mapping[str, Unauthenticated]:
        """Of tokens that were valid those that are so no longer, by id, with what :meth:`check` would say."""
        with self._database.reading() as connection:
            query = sa.select(*VISIBLE).where(tokens.c.id.in_(token_ids))
            rows = {row.id: row for row in connection.execute(query)}
            now = self._database.now(connection)
        found = {token_id: _refusal(rows.get(token_id), now) for token_id in token_ids}
        return {token_id: refusal for token_id, refusal in found.items() if refusal is not None}

    def note_use(self, token_id: str) -> None:
        """Note that a token is used now."""
        with self._database.writing() as connection:
            now = self._database.now(connection)
            connection.execute(tokens.update().where(tokens.c.id == token_id).values(use_time=now))


def require_tenant(tenant: str) -> None:
    """Raise :class:`InvalidInput` unless a tenant can have that name."""
    require(
        ID_PATTERN.fullmatch(tenant) is not None,
        field="tenant",
        value=tenant[:120],
        limit="a lower-case letter, then up to 62 lower-case letters, digits or hyphens, the last no hyphen",
        remedy="choose such a name",
    )


def _unknown_token() -> Unauthenticated:
    return Unauthenticated(
        "the token is not one of this service; send one that topodesign token create has made", reason="TOKEN_INVALID"
    )


def _refusal(row: Row[tuple[object, ...]] | None, now: float) -> Unauthenticated | None:
    """Why a token is not valid; ``None``: it is."""
    if row is None:
        return _unknown_token()
    if row.revoke_time is not None:
        return Unauthenticated(f"token {row.id} was revoked; ask your operator for a new one", reason="TOKEN_REVOKED")
    if row.expire_time is not None and now >= row.expire_time:
        return Unauthenticated(f"token {row.id} has expired; ask your operator for a new one", reason="TOKEN_EXPIRED")
    return None


def _find(connection: Connection, token_id: str) -> Row[tuple[object, ...]]:
    row = connection.execute(sa.select(*VISIBLE).where(tokens.c.id == token_id)).one_or_none()
    if row is None:
        raise NotFound(
            f"there is no token {token_id[:120]!r}; topodesign token list shows those that there are",
            reason="TOKEN_UNKNOWN",
            metadata={"id": token_id[:120]},
        )
    return row


def _as_row(row: Row[tuple[object, ...]]) -> TokenRow:
    return TokenRow(**row._mapping)


def _digest(secret: str) -> bytes:
    return sha256(secret.encode("ascii")).digest()
