"""What holds for every test: no setting of the developer's own machine reaches it, and no deadline times it."""

import os

from hypothesis import settings

# A timed example fails on a loaded machine and says nothing about the code.
settings.register_profile("revenuer", deadline=None, print_blob=True)
settings.load_profile("revenuer")

for _name in [name for name in os.environ if name.startswith("REVENUER_") or name == "PROMETHEUS_MULTIPROC_DIR"]:
    del os.environ[_name]
