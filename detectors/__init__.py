"""Detectors: pure functions from what was observed to how suspicious it looks.

A *detector* is one file here. It folds *observations* (numbers, digests and
event time; the text ended before) into a *state* of fixed size that merges,
and turns the state into a *score* against a *baseline* of benign traffic.
No file here does I/O, reads a clock, or imports ``service``.
"""
