"""Requests that were answered: a repetition gets the first answer again, also when both come at once."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from topodesign.domain.errors import InvalidInput
from topodesign_server.names import RequestKey
from topodesign_server.tables import requests


def first_answer(connection: Connection, key: RequestKey | None) -> str | None:
    """Id of what the same request made before, or ``None``.

    Raises
    ------
    InvalidInput
        When the same ``request_id`` came with another request.
    """
    if key is None:
        return None
    row = connection.execute(
        sa.select(requests.c.digest, requests.c.resource_id).where(
            requests.c.tenant == key.tenant,
            requests.c.method == key.method,
            requests.c.request_id == key.request_id,
        )
    ).one_or_none()
    if row is None:
        return None
    if row.digest != key.digest:
        raise InvalidInput(
            f"request_id {key.request_id} was used for another {key.method} request; make a new UUID for a new request",
            reason="REQUEST_ID_REUSED",
            field_path="request_id",
            metadata={"request_id": key.request_id},
        )
    return str(row.resource_id)


def was_claimed(connection: Connection, tenant: str, method: str, request_id: str) -> bool:
    """Whether anything was made for a ``request_id``."""
    found = sa.select(sa.literal(1)).where(
        requests.c.tenant == tenant, requests.c.method == method, requests.c.request_id == request_id
    )
    return connection.scalar(found) is not None


def claim_request(connection: Connection, key: RequestKey | None, resource_id: str, *, now: float) -> str | None:
    """Note what a request is about to make, in the transaction that makes it; the first answer when there is one.

    Of two transactions that claim the same request the second waits here until the first has ended: it then gets the
    answer of the first, or, when that one came to nothing, the claim.

    Raises
    ------
    InvalidInput
        When the same ``request_id`` came with another request.
    """
    if key is None:
        return None
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    values = {
        "tenant": key.tenant,
        "method": key.method,
        "request_id": key.request_id,
        "digest": key.digest,
        "resource_id": resource_id,
        "create_time": now,
    }
    claim = insert(requests).values(values).on_conflict_do_nothing().returning(requests.c.resource_id)
    return None if connection.scalar(claim) is not None else first_answer(connection, key)
