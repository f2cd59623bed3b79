"""The bench: how well the detectors find distillers, how rarely they name the honest, and what the published ones do.

A *suite* is one file here with a ``SUITE``: it runs on what is *given* (corpora and traces of the user, or traffic that
the project makes itself) and gives an *outcome*: *figures*, each with its n, its interval and its target, tables and
plots. The *report* shows outcomes as a table, as JSON and as one HTML page. *Peers* are the published detectors, run on
the same events.

Nothing is fitted on what a figure is about: every suite says what its reference, calibration and test sets are.
"""
