"""Fitting: how the numbers that ship were made. Commands for the project's own hands, which nothing imports.

The *purpose* is a model of single queries, the *combiner* one of whole accounts. Both are fitted on simulated
traffic and on the texts of corpora that the caller names, never on evaluation sets.
"""
