"""From a flag to a verdict.

*alerts* says what a flag does to the alert of its entity, and what a reviewer may do to an alert, as pure
functions; *desk* runs them against the store: flags that belong to no alert yet are gathered, and every
change of a reviewer's is made once, in the order in which the store took it.
"""
