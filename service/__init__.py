"""revenuer: a proxy in front of a model API that finds the callers who are distilling the model.

The rooms follow the path of the data: ``gateway`` (request in, answer out),
``pipeline`` (event to flag), ``review`` (flag to verdict), ``enforcement``
(policy to ruling). ``ports`` says what they need from outside, ``backends``
gives it, ``bootstrap`` joins them, and ``api``, ``replay`` and ``cli`` are the faces.
"""
