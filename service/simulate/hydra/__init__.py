"""Campaigns: many accounts that work for one distiller, hidden among many that do not.

A ``Plan`` says what a campaign is: how many accounts, how much each asks, what they share, how the list is dealt among
them, when they begin and when they are replaced. ``campaign`` makes its accounts; ``crowd`` makes honest groups that
share as much (a course, a popular template, a company, a reseller); ``background`` makes thin honest accounts by the
ten thousand. ``stream`` puts them in one order of time. A ``Preset`` is a plan or a crowd with the name of what it
stands for. What people write comes from ``speech``, whose sentences begin and end in ever other words, so that two
accounts share a template where people do, and not because one grammar wrote for both.
"""
