"""Kept scenarios."""

from dataclasses import dataclass
from hashlib import sha256

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from topodesign.domain.errors import Conflict, NotFound
from topodesign_server.blobs import collect, keep
from topodesign_server.database import Database
from topodesign_server.names import RequestKey
from topodesign_server.paging import Page
from topodesign_server.quotas import Quotas
from topodesign_server.request_ids import claim_request, first_answer
from topodesign_server.tables import blobs, scenarios


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioRow:
    """A kept scenario; ``content`` is a serialized ``Scenario`` (only its head in lists).

    ``scenario_sha256`` is its fingerprint, ``None`` when it was kept before fingerprints were.
    """

    number: int
    id: str
    create_time: float
    content: bytes
    scenario_sha256: str | None

    @property
    def etag(self) -> str:
        """Differs between scenarios that had the same id one after the other; a scenario is never altered.

        It is not made of the number, which counts up over all tenants and could be found again by trying.
        """
        return sha256(f"{self.id} {self.create_time!r}".encode()).hexdigest()[:16]


class ScenarioStore:
    """Scenarios of one database."""

    def __init__(self, database: Database, quotas: Quotas | None = None) -> None:
        self._database = database
        self._quotas = quotas or Quotas()

    def create(
        self,
        tenant: str,
        scenario_id: str,
        *,
        content: bytes,
        summary: bytes,
        key: RequestKey | None,
        scenario_sha256: str | None = None,
    ) -> ScenarioRow:
        """Keep a scenario, or return what the same request kept before.

        Raises
        ------
        Conflict
            When the id is taken.
        InvalidInput
            When ``request_id`` was used for another request.
        QuotaExceeded
            When the tenant has too much.
        """
        with self._database.writing() as connection:
            # one at a time, so that of two with the same id the second sees the first
            self._database.serialize(connection, "create scenario")
            now = self._database.now(connection)
            earlier = claim_request(connection, key, scenario_id, now=now)
            if earlier is None:
                size_bytes = len(content) + len(summary)
                self._quotas.require_room_for_scenario(connection, tenant, size_bytes=size_bytes)
                _require_free(connection, tenant, scenario_id)
                kept, kept_summary = keep(connection, tenant, content, summary)
                values = {"tenant": tenant, "id": scenario_id, "create_time": now, "scenario_sha256": scenario_sha256}
                connection.execute(scenarios.insert().values(**values, content=kept, summary=kept_summary))
            return _scenario(connection, tenant, earlier or scenario_id)

    def require_creatable(self, tenant: str, scenario_id: str, *, size_bytes: int, key: RequestKey | None) -> None:
        """Raise what :meth:`create` would raise now, for contents (with the summary) of some size."""
        with self._database.reading() as connection:
            if key is None or first_answer(connection, key) is None:
                self._quotas.require_room_for_scenario(connection, tenant, size_bytes=size_bytes)
                _require_free(connection, tenant, scenario_id)

    def get(self, tenant: str, scenario_id: str) -> ScenarioRow:
        """A kept scenario; raises :class:`NotFound`."""
        with self._database.reading() as connection:
            return _scenario(connection, tenant, scenario_id)

    def page(self, tenant: str, page: Page) -> list[ScenarioRow]:
        """One entry more than the page holds, the newest first, so that the caller sees whether another follows."""
        query = _rows(scenarios.c.summary).where(scenarios.c.tenant == tenant)
        if page.before is not None:
            query = query.where(scenarios.c.number < page.before)
        query = query.order_by(scenarios.c.number.desc()).limit(page.size + 1)
        with self._database.reading() as connection:
            return [ScenarioRow(**row._mapping) for row in connection.execute(query)]

    def delete(self, tenant: str, scenario_id: str, *, etag: str = "") -> None:
        """Forget a scenario; raises :class:`NotFound`, and :class:`Conflict` for an ``etag`` that it has not."""
        one = sa.and_(scenarios.c.tenant == tenant, scenarios.c.id == scenario_id)
        if etag:
            row = self.get(tenant, scenario_id)
            _require_etag(row, etag)
            one = sa.and_(one, scenarios.c.number == row.number)  # not another that came in between
        deleted = scenarios.delete().where(one).returning(scenarios.c.content, scenarios.c.summary)
        with self._database.writing() as connection:
            digests = connection.execute(deleted).one_or_none()
            if digests is None:
                raise _unknown(scenario_id)
            collect(connection, tenant, digests)


def _rows(content: sa.Column[bytes]) -> sa.Select[int, str, float, bytes, str | None]:
    kept = scenarios.join(blobs, sa.and_(blobs.c.tenant == scenarios.c.tenant, blobs.c.sha256 == content))
    columns = (scenarios.c.number, scenarios.c.id, scenarios.c.create_time, blobs.c.content)
    return sa.select(*columns, scenarios.c.scenario_sha256).select_from(kept)


def _scenario(connection: Connection, tenant: str, scenario_id: str) -> ScenarioRow:
    query = _rows(scenarios.c.content).where(scenarios.c.tenant == tenant, scenarios.c.id == scenario_id)
    row = connection.execute(query).one_or_none()
    if row is None:
        raise _unknown(scenario_id)
    return ScenarioRow(**row._mapping)


def _require_free(connection: Connection, tenant: str, scenario_id: str) -> None:
    query = sa.select(scenarios.c.number).where(scenarios.c.tenant == tenant, scenarios.c.id == scenario_id)
    if connection.scalar(query) is not None:
        raise Conflict(
            f"scenarios/{scenario_id} exists already; choose another scenario_id",
            reason="SCENARIO_EXISTS",
            metadata={"id": scenario_id},
        )


def _require_etag(row: ScenarioRow, etag: str) -> None:
    if row.etag != etag:
        raise Conflict(
            f"scenarios/{row.id} has etag {row.etag!r}, but {etag!r} is given: it was deleted and created anew since; "
            "get it again, or leave etag out",
            reason="ETAG_MISMATCH",
            field_path="etag",
            metadata={"id": row.id, "etag": row.etag, "value": etag},
        )


def _unknown(scenario_id: str) -> NotFound:
    return NotFound(
        f"scenarios/{scenario_id} does not exist; list the scenarios for those that do",
        reason="SCENARIO_UNKNOWN",
        metadata={"id": scenario_id},
    )
