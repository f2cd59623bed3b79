"""Campaigns: how early and how completely many accounts of one distiller are found among honest ones.

A *case* is a campaign and what is to be reached with it; all of them, and the honest *crowds* that share as much, are
placed in one *scene*. ``prints`` makes its footprints once, ``linking`` takes them through coordination pass by pass,
``drive`` takes records through the pipeline that replay uses, ``truth`` notes what the labels say, ``judge`` holds what
was said against it. *Episodes* are many small scenes without any campaign; *ablations* leave out a kind of key.
``large`` is one run of the largest size disclosed, which can stop and go on.
"""

from service.bench.campaigns.suite import SUITE

__all__ = ["SUITE"]
