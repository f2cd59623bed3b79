"""Campaigns: from the footprints of all accounts to groups that act as one.

*prints* makes footprints of observations; *coordination* folds them slot by slot of event time and judges the groups
that grew; *clusters* puts suspicious groups that share accounts together, under an id that stays.
"""
