"""The store in SQL: one code path for SQLite and Postgres.

``tables`` is the schema as the code sees it and ``schema`` brings a database to
it; ``dialect`` is the only place that knows which database it is. The
checkpoint is the worker's side, written through ``names`` (strings stored
once), ``events`` (narrow rows) and ``content`` (what is kept of texts);
``retention`` takes away what is past its time. ``records``, ``decisions`` and
``tokens`` are the control plane's side.
"""
