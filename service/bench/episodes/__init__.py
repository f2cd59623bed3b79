"""Episodes: the traffic of one made-up account each, through the pipeline, and what it would have been judged to be.

The *library* holds the texts, cut into folds by their source. An *episode* says which kind of account, of which fold,
how long and how heavy. ``measure`` makes its records and takes them through the pipeline, without a baseline; ``judge``
then holds the measured values against any baseline, so that folds, ablations and contamination need no second run.

Kinds and sources are dealt into the same folds, and what is fitted for a fold is fitted on the others: a figure is
always about kinds of account and sources of text that the fit has not seen.
"""
