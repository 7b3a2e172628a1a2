"""Kept scenarios."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from topodesign.domain.errors import Conflict, NotFound
from topodesign_server.blobs import collect, keep
from topodesign_server.database import Database
from topodesign_server.names import RequestKey
from topodesign_server.paging import Page
from topodesign_server.request_ids import claim_request
from topodesign_server.tables import blobs, scenarios


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioRow:
    """A kept scenario; ``content`` is a serialized ``Scenario`` (only its head in lists)."""

    number: int
    id: str
    create_time: float
    content: bytes


class ScenarioStore:
    """Scenarios of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(
        self, tenant: str, scenario_id: str, *, content: bytes, summary: bytes, key: RequestKey | None
    ) -> ScenarioRow:
        """Keep a scenario, or return what the same request kept before.

        Raises
        ------
        Conflict
            When the id is taken.
        InvalidInput
            When ``request_id`` was used for another request.
        """
        with self._database.writing() as connection:
            # one at a time, so that of two with the same id the second sees the first
            self._database.serialize(connection, "create scenario")
            now = self._database.now(connection)
            earlier = claim_request(connection, key, scenario_id, now=now)
            if earlier is None:
                _require_free(connection, tenant, scenario_id)
                kept, kept_summary = keep(connection, tenant, content, summary)
                values = {"tenant": tenant, "id": scenario_id, "create_time": now}
                connection.execute(scenarios.insert().values(**values, content=kept, summary=kept_summary))
            return _scenario(connection, tenant, earlier or scenario_id)

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

    def delete(self, tenant: str, scenario_id: str) -> None:
        """Forget a scenario; raises :class:`NotFound`."""
        one = sa.and_(scenarios.c.tenant == tenant, scenarios.c.id == scenario_id)
        deleted = scenarios.delete().where(one).returning(scenarios.c.content, scenarios.c.summary)
        with self._database.writing() as connection:
            digests = connection.execute(deleted).one_or_none()
            if digests is None:
                raise _unknown(scenario_id)
            collect(connection, tenant, digests)


def _rows(content: sa.Column[bytes]) -> sa.Select[int, str, float, bytes]:
    kept = scenarios.join(blobs, sa.and_(blobs.c.tenant == scenarios.c.tenant, blobs.c.sha256 == content))
    columns = (scenarios.c.number, scenarios.c.id, scenarios.c.create_time, blobs.c.content)
    return sa.select(*columns).select_from(kept)


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


def _unknown(scenario_id: str) -> NotFound:
    return NotFound(
        f"scenarios/{scenario_id} does not exist; list the scenarios for those that do",
        reason="SCENARIO_UNKNOWN",
        metadata={"id": scenario_id},
    )
