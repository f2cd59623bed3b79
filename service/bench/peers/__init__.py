"""Peers: the published detectors and the usual rules of thumb, on the same events as ours.

A *peer* is one small file here that says which paper it follows and what had to be adapted. It is fitted on benign
accounts and scores an account; its threshold is set by whoever runs it, on benign accounts that it was not fitted on,
so that all are compared at the same false-alarm rate.
"""
