"""What alembic runs: the steps, inside the transaction that the caller has begun."""

from alembic import context

from topodesign_server.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
