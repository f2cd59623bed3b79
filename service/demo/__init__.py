"""The demo: mixed traffic over HTTP through the running proxy, and the flag that comes of it.

The ``CAST`` is who takes part; each has a key of its own and behaves as one of ``service.simulate``'s archetypes, in
compressed time. ``Traffic`` sends their requests; ``Watch`` asks the control port for flags, as any client would;
``report`` says in words what was flagged and why, and who was heavy and left alone. Nothing in the product knows of it.
"""

from service.demo.cast import identity_map
from service.demo.run import run

__all__ = ["identity_map", "run"]
