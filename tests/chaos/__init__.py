"""Kill -9 at random under load, and what is left held against what the clients know.

The real processes run: gateway, worker and a small upstream. Clients send at a fixed rate and keep their own
record. In closed mode an answer means that the start was synced, so every answered query must be in the log, once.
The log's counts, the entities' counts and the states of an undisturbed worker over the same spool must all agree.

Two deliberately weak variants (``weak``) show that the harness can see loss and double counting.
"""
