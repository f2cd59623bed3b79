"""The schema's history, one step a file, up and down, on SQLite and on Postgres.

Run through ``service.backends.sql.schema``; no ``alembic.ini`` is needed.
"""
