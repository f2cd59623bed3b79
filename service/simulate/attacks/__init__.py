"""Distillers: the published ways to harvest a model's answers, and the ways to do so unseen.

Their clients, topics, parameters and length of answers are drawn as those of honest callers are.
"""
