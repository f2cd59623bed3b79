"""From a record in the spool to a flag.

*join* puts a start and its end together, *events* reads what they say,
*trail* remembers which conversations and requests were seen, *observe* turns
events into numbers, *entities* keeps each entity's states, *scorer* folds
observations into them and evaluates at each entity's windows and query
counts, *rules* says which evaluation is a flag, and *worker* runs it all
from the spool to one commit a batch. Time is the stream's: it moves with
events and never with a clock, so a replay gives what live traffic gave.
"""
