"""Bootstrap: settings in, joined parts out. Implementations meet their ports here and only here.

One file a process, so that each loads its own part: the gateway has no SQL in
it, the control plane no features.
"""
