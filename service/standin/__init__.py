"""The stand-in: a small model server that needs no model, for the demo, the tests and a first look.

It answers five operations in the wire formats of the OpenAI and Anthropic APIs, streamed and
not. What it says means nothing, but how much it says follows from what it was asked, its
``usage`` counts what it read and wrote, and the same request gets the same answer. It knows
nothing of the rest of revenuer.
"""
