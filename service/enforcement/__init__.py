"""From a policy to a decision.

*policy* reads what an operator wrote, and says which decision a flag calls for. Without a policy nothing acts by
itself, and until enforcement is turned on what a policy decides is simulated.
"""
