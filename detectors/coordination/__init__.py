"""Coordination: what many accounts have in common, and whether that is more than honest accounts share.

Every query leaves a *footprint*: the account, keyed digests of what a template would repeat, and numbers; no text.
A *group* is what is known of one content key that several accounts use: a commutative monoid, as every state is, so
that the groups of several partitions add up. *measure* turns a group into the quantities that tell a campaign from a
course, a popular template or a company, and *reference* says how often benign groups of that size show as much.
"""
