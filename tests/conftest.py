"""What holds for every test: no setting of the developer's own machine reaches it, and no deadline times it."""

import os

from hypothesis import settings

# A timed example fails on a loaded machine and says nothing about the code.
settings.register_profile("revenuer", deadline=None, print_blob=True)
settings.load_profile("revenuer")

pytest_plugins = ["tests.servers.fixtures"]

for _name in list(os.environ):
    # REVENUER_TEST_... are for the tests themselves: which servers they run on.
    if _name == "PROMETHEUS_MULTIPROC_DIR" or (
        _name.startswith("REVENUER_") and not _name.startswith("REVENUER_TEST_")
    ):
        del os.environ[_name]
