"""Brings a database to the layout of this version."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy.engine import Connection

from topodesign.domain.errors import Conflict

SCRIPTS = Path(__file__).with_name("migrations")


def migrate(connection: Connection) -> None:
    """Run the steps that a database lacks, inside the transaction of ``connection``: all of them or none.

    Raises
    ------
    Conflict
        When a later version has used the database.
    """
    config = _config()
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise Conflict(
            f"the layout of the database is not one of this version's: {error}; it was made by a later version, "
            "start that one or restore a backup from before it",
            reason="DATABASE_TOO_NEW",
        ) from error


def latest_revision() -> str:
    """Name of the layout that this version works with."""
    revision = ScriptDirectory.from_config(_config()).get_current_head()
    assert revision is not None
    return revision


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    return config
