"""Tokens in the store, and the commands of those who run the service."""

import json
import traceback
from pathlib import Path

import pytest
import sqlalchemy as sa
from served.store_place import StorePlace
from topodesign_server.database import FILE_NAME, Database, open_beside_server, open_database
from topodesign_server.tables import tokens
from topodesign_server.token_store import USE_NOTED_EVERY_S, TokenStore

from topodesign.cli.app import run
from topodesign.domain.errors import Conflict, InvalidInput, NotFound, Unauthenticated


def change(database: Database, token_id: str, **values: float) -> None:
    """As if time had passed."""
    with database.writing() as connection:
        assert connection.execute(tokens.update().where(tokens.c.id == token_id).values(values)).rowcount == 1


def refused(store: TokenStore, text: str) -> str:
    with pytest.raises(Unauthenticated) as caught:
        store.check(text)
    return caught.value.reason


def test_a_token_is_known_by_its_tenant_and_kept_as_a_digest_only(database: Database) -> None:
    store = TokenStore(database)
    row, text = store.create("network-team", "nightly")
    assert store.check(text).tenant == "network-team"
    assert text.startswith(f"topodesign_{row.id}_")
    secret = text.removeprefix(f"topodesign_{row.id}_")
    assert len(secret) == 43  # 256 bits in base64
    with database.reading() as connection:
        kept = connection.execute(sa.select(tokens)).one()
    assert secret not in repr(kept)
    assert secret.encode() not in kept.digest


def test_a_token_that_is_altered_anywhere_is_refused(database: Database) -> None:
    store = TokenStore(database)
    _, text = store.create("a", "x")
    _, other = store.create("b", "y")
    for place in range(len(text)):
        altered = text[:place] + ("A" if text[place] != "A" else "B") + text[place + 1 :]
        assert refused(store, altered) == "TOKEN_INVALID"
    crossed = text[: len("topodesign_") + 12] + other[len("topodesign_") + 12 :]
    for wrong in ("", "x", text[:-1], text + "A", text.upper(), f" {text}", crossed, text.replace("topodesign_", "")):
        assert refused(store, wrong) == "TOKEN_INVALID"


def test_an_expired_token_says_so_to_its_bearer_and_to_nobody_else(database: Database) -> None:
    store = TokenStore(database)
    row, text = store.create("a", "x", expire_days=1)
    assert row.expire_time == pytest.approx(row.create_time + 86400)
    assert store.check(text).tenant == "a"
    change(database, row.id, expire_time=1.0)
    assert refused(store, text) == "TOKEN_EXPIRED"
    assert refused(store, text[:-2] + "AA") == "TOKEN_INVALID"


def test_a_revoked_token_is_refused_from_then_on(database: Database) -> None:
    store = TokenStore(database)
    row, text = store.create("a", "x")
    _, other = store.create("a", "y")
    assert store.revoke(row.id).revoke_time is not None
    assert refused(store, text) == "TOKEN_REVOKED"
    assert store.check(other).tenant == "a"
    with pytest.raises(Conflict, match="revoked before"):
        store.revoke(row.id)
    with pytest.raises(NotFound, match="no token 'nothing'"):
        store.revoke("nothing")


def test_the_last_use_is_noted_now_and_then(database: Database) -> None:
    store = TokenStore(database)
    row, text = store.create("a", "x")
    assert store.check(text).use_is_due
    store.note_use(row.id)
    assert not store.check(text).use_is_due
    (noted,) = store.rows("a")
    assert noted.use_time is not None
    change(database, row.id, use_time=noted.use_time - USE_NOTED_EVERY_S - 60)
    assert store.check(text).use_is_due


@pytest.mark.parametrize("tenant", ["", "A", "1a", "a-", "a b", "a/b", "a" * 64, "ä", "a\n"])
def test_a_tenant_has_the_name_of_a_resource(database: Database, tenant: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        TokenStore(database).create(tenant, "x")
    assert caught.value.field_path == "tenant"


@pytest.mark.parametrize(("name", "days"), [("", None), ("x" * 121, None), ("a\nb", None), ("x", 0.0), ("x", -1.0)])
def test_a_token_has_a_name_for_people_and_a_time_to_come(database: Database, name: str, days: float | None) -> None:
    with pytest.raises(InvalidInput):
        TokenStore(database).create("a", name, expire_days=days)


def test_tokens_are_made_beside_a_server_that_uses_the_folder(file_place: StorePlace) -> None:
    used = file_place.open()  # under the lock of a server
    beside = open_beside_server(file_place.directory)
    _, text = TokenStore(beside).create("a", "x")
    beside.close()
    assert TokenStore(used).check(text).tenant == "a"


def test_beside_a_server_of_another_version_nothing_is_changed(file_place: StorePlace) -> None:
    used = file_place.open()
    with used.writing() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = 'older'")
    with pytest.raises(Conflict, match="is used by another server"):
        open_beside_server(file_place.directory)


def test_a_new_folder_is_closed_to_other_users_of_the_machine(tmp_path: Path) -> None:
    open_database(tmp_path / "new").close()
    assert (tmp_path / "new").stat().st_mode & 0o077 == 0


def test_the_commands_make_list_and_revoke(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = ["--data", str(tmp_path)]
    assert run(["token", "create", "--tenant", "a", "--name", "nightly", "--expires", "30", "--json", *data]) == 0
    made = json.loads(capsys.readouterr().out)
    assert (made["tenant"], made["name"], made["use_time"]) == ("a", "nightly", None)
    assert made["token"].startswith(f"topodesign_{made['id']}_")

    assert run(["token", "create", "--tenant", "b", "--name", "other", *data]) == 0
    shown = capsys.readouterr()
    assert shown.out.strip().startswith("topodesign_")  # the token alone, for scripts
    assert shown.out.strip() not in shown.err

    assert run(["token", "list", *data]) == 0
    listed = capsys.readouterr().out
    assert "nightly" in listed and "never used" in listed
    assert made["token"] not in listed and shown.out.strip() not in listed

    assert run(["token", "revoke", made["id"], *data]) == 0
    capsys.readouterr()
    assert run(["token", "list", "--tenant", "a", "--json", *data]) == 0
    (row,) = json.loads(capsys.readouterr().out)["tokens"]
    assert row["revoke_time"] is not None
    assert run(["token", "revoke", "absent", "--json", *data]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["reason"] == "TOKEN_UNKNOWN"
    assert (tmp_path / FILE_NAME).exists()


def test_an_error_of_the_database_does_not_say_what_was_to_be_kept(database: Database) -> None:
    values = {"id": "a", "tenant": "b", "name": "known-to-nobody", "digest": b"of-a-secret", "create_time": 1.0}
    with database.writing() as connection:
        connection.execute(tokens.insert().values(values))
    with pytest.raises(sa.exc.IntegrityError) as caught, database.writing() as connection:
        connection.execute(tokens.insert().values(values))
    logged = "".join(traceback.format_exception(caught.value))
    assert "tokens" in logged
    assert "known-to-nobody" not in logged
    assert "of-a-secret" not in logged
