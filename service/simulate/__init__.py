"""A simulator of traffic: what honest callers and distillers send to a model API, as query records.

``Dice`` is seeded chance. ``Texts`` are what is written: grammars over words of the project's own, or a corpus given at
run time. A ``Client`` is the program that a caller uses: SDK, API, model, parameters. A *behaviour* is a function
from an ``Account`` to its ``Draft``s in order of time: arrivals, structure of conversations, prompts and length of
answers. ``population`` mixes many accounts into one stream of records. The same seed gives the same stream.

What it is for: the shipped baseline is fitted on its benign population, so that holds heavy honest users of every kind
known to look like extraction. What it is not: a benchmark. Its attackers share clients, topics and parameters
with its honest callers, and how well they are found says little about attackers who were not imagined.
"""
