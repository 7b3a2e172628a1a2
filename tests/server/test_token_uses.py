"""Uses of tokens are noted beside the calls: once for many, and never in the way of one."""

import asyncio
import sqlite3
from collections.abc import Callable, Coroutine, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field

from served.store_place import StorePlace
from topodesign_server.authentication import Authentication
from topodesign_server.database import FILE_NAME, open_database
from topodesign_server.offloading import Offloader
from topodesign_server.token_store import TokenStore
from topodesign_server.token_uses import PAUSE_S, TokenUses

CALLS = 50
PATIENCE_S = 30


@dataclass(slots=True, kw_only=True)
class Door:
    """Where calls with one token come in; the clock is the test's."""

    place: StorePlace
    tokens: TokenStore
    looking: Offloader
    uses: TokenUses
    text: str
    now_s: list[float]
    faults: list[str] = field(default_factory=list)

    async def calls(self, number: int) -> None:
        """So many calls at a time; returns when all have been let in."""
        asked = Authentication(
            self.tokens,
            self.looking,
            self.uses,
            is_required=True,
            has_certificates=False,
            named_by="uri",
            look_s=60.0,
        )
        async with asyncio.timeout(PATIENCE_S):
            await asyncio.gather(*(asked.presented([("authorization", f"Bearer {self.text}")]) for _ in range(number)))

    async def is_noted(self) -> bool:
        await self.uses.settle()
        (row,) = await self.looking(self.tokens.rows)
        return row.use_time is not None

    @contextmanager
    def writers_held_up(self) -> Iterator[None]:
        with closing(sqlite3.connect(self.place.directory / FILE_NAME, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            yield


def with_door(place: StorePlace, use: Callable[[Door], Coroutine[None, None, None]], *, lock_timeout_s: float) -> None:
    faults: list[str] = []
    now_s = [0.0]
    looking, writing = Offloader(threads=2, name="token"), Offloader(threads=1, name="token-use")
    with closing(open_database(place.directory, lock_timeout_s=lock_timeout_s, on_fault=faults.append)) as database:
        tokens = TokenStore(database)
        door = Door(
            place=place,
            tokens=tokens,
            looking=looking,
            uses=TokenUses(tokens, writing, clock=lambda: now_s[0]),
            text=tokens.create("a", "x")[1],
            now_s=now_s,
            faults=faults,
        )
        try:
            asyncio.run(use(door))
        finally:
            looking.close()
            writing.close()


def test_a_herd_of_calls_is_let_in_while_no_use_can_be_noted(file_place: StorePlace) -> None:
    async def use(door: Door) -> None:
        with door.writers_held_up():
            await door.calls(CALLS)
        assert await door.is_noted()
        assert door.faults == []

    with_door(file_place, use, lock_timeout_s=2.0 * PATIENCE_S)


def test_a_use_is_noted_once_for_a_herd_and_not_tried_again_for_a_minute(file_place: StorePlace) -> None:
    async def use(door: Door) -> None:
        with door.writers_held_up():
            await door.calls(CALLS)
            assert not await door.is_noted()
            await door.calls(CALLS)
            assert not await door.is_noted()
            assert door.faults == ["STORE_BUSY"]  # of one write
            door.now_s[0] += PAUSE_S
            await door.calls(CALLS)
            assert not await door.is_noted()
            assert len(door.faults) == 2
        door.now_s[0] += PAUSE_S
        await door.calls(1)
        assert await door.is_noted()

    with_door(file_place, use, lock_timeout_s=0.05)
