"""Presets: campaigns with the shape of those that were disclosed, the ways to evade, and sizes to measure with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.simulate.hydra.plan import Begin, Partition, Plan, Template

if TYPE_CHECKING:
    from collections.abc import Mapping

DISCLOSED = {
    # 16,000 requests in two days from more than 4,000 users (disclosed September 2026).
    "thin": Plan(name="thin", accounts=4000, per_account=4, days=2),
    # 300,000 in ten days through 5,380 accounts, which hand on sealed reasoning.
    "relay": Plan(name="relay", accounts=5380, per_account=56, days=10, replay_reasoning=400),
    # More than 400,000 in 20 days through more than 1,500 accounts.
    "steady": Plan(name="steady", accounts=1500, per_account=91, days=7, begin=Begin.STAGGERED),
    # 28.8 million through some 25,000 accounts: 26 a day each.
    "pool": Plan(name="pool", accounts=25000, per_account=182, days=7, begin=Begin.STAGGERED),
    # Pools that were shut out and replaced; one instruction in every request.
    "replaced": Plan(name="replaced", accounts=1000, per_account=40, days=5, replace_after=48),
    # 273 accounts that feed what they were given back to have it cleaned.
    "cleaning": Plan(name="cleaning", accounts=273, per_account=60, days=5, reingest=600),
    # More than 16 million over some 24,000 accounts (February 2026).
    "february": Plan(name="february", accounts=24000, per_account=667, days=14, begin=Begin.STAGGERED),
}
EVASIVE = {
    "paraphrased": Plan(name="paraphrased", template=Template.PARAPHRASED),
    "prefixed": Plan(name="prefixed", accounts=500, per_account=12, days=3, place="prefix"),
    "covered": Plan(name="covered", accounts=400, per_account=20, days=4, cover=0.75),
    "bare": Plan(name="bare", accounts=400, per_account=40, days=4, template=Template.NONE),
    "bare-topics": Plan(
        name="bare-topics", accounts=400, per_account=40, days=4, template=Template.NONE, partition=Partition.TOPIC,
    ),
    "bare-shared-hosts": Plan(
        name="bare-shared-hosts", accounts=400, per_account=40, days=4, template=Template.NONE, one_client=True,
        addresses=6,
    ),
}  # fmt: skip
SIZED = {
    "keys-40": Plan(name="keys-40", accounts=40, per_account=400, days=2, place="system"),
    "keys-40-topics": Plan(
        name="keys-40-topics", accounts=40, per_account=400, days=2, place="system", partition=Partition.TOPIC,
    ),
    "keys-500": Plan(name="keys-500", accounts=500, per_account=39, days=3, place="system"),
    "keys-500-topics": Plan(
        name="keys-500-topics", accounts=500, per_account=39, days=3, place="prefix", partition=Partition.TOPIC,
    ),
}  # fmt: skip
PRESETS: Mapping[str, Plan] = {**DISCLOSED, **EVASIVE, **SIZED}
"""By name."""
