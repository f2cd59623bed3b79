"""How people are let in.

*passwords* keeps and checks them by Argon2id; *door* opens and finds sessions, by password, token or one-time
link; *tries* counts the attempts that failed; *oidc* lets an OpenID provider say who somebody is.
"""
