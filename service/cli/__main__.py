"""``python -m service.cli``: the same as ``revenuer``."""

from service.cli import main

main()
