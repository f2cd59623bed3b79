"""Plan: what a campaign of many accounts is, in the terms of the disclosures."""

from __future__ import annotations

import enum
from dataclasses import dataclass

HOUR = 3600.0


class Template(enum.StrEnum):
    """What the requests of a campaign have in common."""

    FIXED = "fixed"
    """One instruction, word for word."""
    PARAPHRASED = "paraphrased"
    """The same instruction in many wordings, drawn anew with every request."""
    NONE = "none"
    """Bare tasks."""


class Partition(enum.StrEnum):
    """How the list is dealt among the accounts."""

    ROUND_ROBIN = "round-robin"
    """The next task to the next account, at an even pace."""
    TOPIC = "topic"
    """Each account has subjects of its own, and asks when it likes."""


class Begin(enum.StrEnum):
    """When the accounts begin."""

    STAGGERED = "staggered"
    """One after the other, over the first half of the time."""
    BURST = "burst"
    """All at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A campaign.

    Raises
    ------
    ValueError
        A number cannot be what it is.

    """

    name: str
    accounts: int = 4000
    per_account: int = 4
    """Requests of each account, in all."""
    days: float = 2.0
    """From the first request to the last."""
    template: Template = Template.FIXED
    wordings: int = 30
    """Of the instruction, where it is paraphrased."""
    place: str = "suffix"
    """Where the instruction stands: ``prefix``, ``suffix`` or ``system``."""
    partition: Partition = Partition.ROUND_ROBIN
    begin: Begin = Begin.BURST
    replace_after: float = 0.0
    """Hours until half of the accounts are shut out and the other half, new ones, take their place; 0: never."""
    replay_reasoning: int = 0
    """Sealed reasoning blocks that were issued to one account and are sent by another, in all."""
    reingest: int = 0
    """Answers that one account was given and another sends in to have them cleaned, in all."""
    cover: float = 0.0
    """Share of an account's requests that are an honest person's."""
    one_client: bool = False
    """Whether all run the same program; else each has a common one of its own."""
    addresses: int = 0
    """Networks (/24) that the accounts share; 0: each has its own."""
    after: float = 0.0
    """Hours from the beginning of the stream to the campaign's."""

    def __post_init__(self) -> None:
        for name, least in (("accounts", 2), ("per_account", 1), ("days", 1e-3), ("wordings", 1)):
            if getattr(self, name) < least:
                raise ValueError(f"invalid {name} '{getattr(self, name)}': must be at least {least}")
        if not 0 <= self.cover < 1:
            raise ValueError(f"invalid cover '{self.cover}': must be at least 0 and below 1")
        if self.replace_after and self.replace_after >= self.days * 24:
            raise ValueError(
                f"invalid replace_after '{self.replace_after}': the campaign lasts {self.days * 24:g} hours"
            )

    @property
    def pool(self) -> int:
        """Accounts that are at work at a time."""
        return self.accounts // 2 if self.replace_after else self.accounts
