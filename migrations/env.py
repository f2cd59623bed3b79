"""Where Alembic meets the database: on the connection it is handed, inside that connection's transaction."""

from __future__ import annotations

from alembic import context

connection = context.config.attributes.get("connection")
if connection is None:
    raise RuntimeError("no connection was given: use upgrade and downgrade of service.backends.sql.schema")
context.configure(connection=connection, transactional_ddl=False)
# The caller's transaction holds: the schema changes whole or not at all.
context.run_migrations()
