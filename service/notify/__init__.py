"""News of the installation, told outside of the way of requests.

*notices* says to whom something is told and keeps it until it was delivered; *delivery* takes what is due, all of
one destination as one message, and tries again later what failed; *webhook* sends one signed as *signing* says,
*chat* through Apprise; *reach* refuses targets that an installation must not be made to talk to.
"""
