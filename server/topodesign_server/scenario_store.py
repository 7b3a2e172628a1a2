"""Kept scenarios."""

import time
from dataclasses import dataclass

import sqlalchemy as sa

from topodesign.domain.errors import Conflict, InternalError, NotFound
from topodesign_server.database import Database, first_answer, remember, scenarios
from topodesign_server.names import RequestKey
from topodesign_server.paging import Page


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

    def create(self, scenario_id: str, *, content: bytes, summary: bytes, key: RequestKey | None) -> ScenarioRow:
        """Keep a scenario, or return what the same request kept before.

        Raises
        ------
        Conflict
            When the id is taken.
        InvalidInput
            When ``request_id`` was used for another request.
        """
        with self._database.writing() as connection:
            earlier = first_answer(connection, key)
            if earlier is None:
                taken = connection.scalar(sa.select(scenarios.c.number).where(scenarios.c.id == scenario_id))
                if taken is not None:
                    raise Conflict(
                        f"scenarios/{scenario_id} exists already; choose another scenario_id",
                        reason="SCENARIO_EXISTS",
                        metadata={"id": scenario_id},
                    )
                connection.execute(
                    scenarios.insert().values(id=scenario_id, create_time=time.time(), content=content, summary=summary)
                )
                remember(connection, key, scenario_id)
        return self.get(earlier or scenario_id)

    def get(self, scenario_id: str) -> ScenarioRow:
        """A kept scenario; raises :class:`NotFound`."""
        columns = (scenarios.c.number, scenarios.c.id, scenarios.c.create_time, scenarios.c.content)
        with self._database.reading() as connection:
            row = connection.execute(sa.select(*columns).where(scenarios.c.id == scenario_id)).one_or_none()
        if row is None:
            raise _unknown(scenario_id)
        return ScenarioRow(number=row.number, id=row.id, create_time=row.create_time, content=row.content)

    def page(self, page: Page) -> list[ScenarioRow]:
        """One entry more than the page holds, the newest first, so that the caller sees whether another follows."""
        query = sa.select(scenarios.c.number, scenarios.c.id, scenarios.c.create_time, scenarios.c.summary)
        if page.before is not None:
            query = query.where(scenarios.c.number < page.before)
        query = query.order_by(scenarios.c.number.desc()).limit(page.size + 1)
        with self._database.reading() as connection:
            return [
                ScenarioRow(number=row.number, id=row.id, create_time=row.create_time, content=row.summary)
                for row in connection.execute(query)
            ]

    def delete(self, scenario_id: str) -> None:
        """Forget a scenario; raises :class:`NotFound`."""
        with self._database.writing() as connection:
            deleted = connection.execute(scenarios.delete().where(scenarios.c.id == scenario_id)).rowcount
        if deleted > 1:
            raise InternalError(f"{deleted} scenarios had the id {scenario_id}")
        if deleted == 0:
            raise _unknown(scenario_id)


def _unknown(scenario_id: str) -> NotFound:
    return NotFound(
        f"scenarios/{scenario_id} does not exist; list the scenarios for those that do",
        reason="SCENARIO_UNKNOWN",
        metadata={"id": scenario_id},
    )
