"""Honest callers: people, products, agents, batches and evaluations, the heavy ones among them."""
