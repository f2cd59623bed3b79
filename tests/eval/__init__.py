"""``make eval``: traces replayed with baselines that have not seen them, as one table."""
