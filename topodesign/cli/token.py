"""``topodesign token``: who may call the service, for those who run it."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from topodesign.cli.given_paths import path
from topodesign.cli.output import emit_json, note, say
from topodesign.domain.errors import NotFound

if TYPE_CHECKING:
    from topodesign_server.token_store import TokenRow, TokenStore

CREATE_EXAMPLE = 'Example: topodesign token create --tenant network-team --name "nightly planning" --expires 90'
LIST_EXAMPLE = "Example: topodesign token list --json"
REVOKE_EXAMPLE = "Example: topodesign token revoke 3f1c09a7b2d4"

token = typer.Typer(
    help="Make, list and revoke the bearer tokens of the service; the service need not be stopped.",
    epilog=CREATE_EXAMPLE,
    no_args_is_help=True,
    rich_markup_mode=None,
)
Data = Annotated[
    Path,
    typer.Option(
        "--data", envvar="TOPODESIGN_DATA_DIRECTORY", parser=path, help="Folder of the service, as given to serve."
    ),
]
DatabaseUrl = Annotated[
    str | None,
    typer.Option("--database-url", envvar="TOPODESIGN_DATABASE_URL", help="PostgreSQL of the service, if it has one."),
]
FOLDER = Path("topodesign-data")
T = TypeVar("T")


@token.command("create", epilog=CREATE_EXAMPLE)
def create(
    tenant: Annotated[str, typer.Option("--tenant", help="Whose scenarios and plans its bearer sees.")],
    name: Annotated[str, typer.Option("--name", help="What it is for, for people.")],
    expires: Annotated[
        float | None, typer.Option("--expires", help="Days that it is valid; default: until it is revoked.")
    ] = None,
    data: Data = FOLDER,
    database_url: DatabaseUrl = None,
    json_output: Annotated[
        bool, typer.Option("--json", help="Print one JSON document: token (with its secret), id, tenant, name, times.")
    ] = False,
) -> None:
    """Make a token and print it, this once: only a digest is kept. A tenant is there as soon as it has a token."""
    row, text = _call(data, database_url, lambda store: store.create(tenant, name, expire_days=expires))
    if json_output:
        emit_json({"token": text, **_document(row)})
        return
    note(f"token {row.id} of tenant {row.tenant}; keep what follows, it is shown this once:")
    say(text)


@token.command("list", epilog=LIST_EXAMPLE)
def list_(
    tenant: Annotated[str | None, typer.Option("--tenant", help="Only those of one tenant.")] = None,
    data: Data = FOLDER,
    database_url: DatabaseUrl = None,
    json_output: Annotated[bool, typer.Option("--json", help="Print one JSON document: tokens.")] = False,
) -> None:
    """List the tokens, never their secrets. The last use is known to within ten minutes."""
    _require_data(data, database_url)
    rows = _call(data, database_url, lambda store: store.rows(tenant))
    if json_output:
        emit_json({"tokens": [_document(row) for row in rows]})
        return
    for row in rows:
        told = [f"{row.id}  {row.tenant:<20}  {row.name:<30}  created {_shown(row.create_time)}"]
        told += [f"expires {_shown(row.expire_time)}"] if row.expire_time is not None else []
        told += [f"REVOKED {_shown(row.revoke_time)}"] if row.revoke_time is not None else []
        told.append("never used" if row.use_time is None else f"last used {_shown(row.use_time)}")
        say("  ".join(told))


@token.command("revoke", epilog=REVOKE_EXAMPLE)
def revoke(
    token_id: Annotated[str, typer.Argument(metavar="ID", help="As token list shows it; not the secret.")],
    data: Data = FOLDER,
    database_url: DatabaseUrl = None,
    json_output: Annotated[bool, typer.Option("--json", help="Print one JSON document: the token's.")] = False,
) -> None:
    """Make a token invalid at once: for every call from now on, and for streams that are open."""
    _require_data(data, database_url)
    row = _call(data, database_url, lambda store: store.revoke(token_id))
    if json_output:
        emit_json(_document(row))
    else:
        say(f"revoked {row.id} of tenant {row.tenant}: {row.name}")


def _require_data(data: Path, database_url: str | None) -> None:
    """Raise :class:`NotFound` where no service keeps its data: opening it would make an empty one there."""
    if database_url is None and not data.is_dir():
        raise NotFound(
            f"{data} is no folder with a service's data; give it with --data, as for topodesign serve",
            reason="DATA_NOT_FOUND",
            metadata={"path": str(data)},
        )


def _call(data: Path, database_url: str | None, ask: "Callable[[TokenStore], T]") -> T:
    from topodesign_server.database import open_beside_server
    from topodesign_server.token_store import TokenStore

    database = open_beside_server(data, url=database_url)
    try:
        return ask(TokenStore(database))
    finally:
        database.close()


def _document(row: "TokenRow") -> dict[str, object]:
    return {
        "id": row.id,
        "tenant": row.tenant,
        "name": row.name,
        "create_time": _time(row.create_time),
        "expire_time": _time(row.expire_time),
        "revoke_time": _time(row.revoke_time),
        "use_time": _time(row.use_time),
    }


def _time(seconds: float | None) -> str | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


def _shown(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M} UTC"
