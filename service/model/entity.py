"""Entity: whom a score, a flag or a decision is about."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Scope(enum.StrEnum):
    """The kinds of entity. Country and nationality are not among them, by design."""

    ACCOUNT = "account"
    ORG = "org"
    END_USER = "end_user"
    TEMPLATE = "template"
    IP_PREFIX = "ip_prefix"
    CLIENT = "client"
    CAMPAIGN = "campaign"


@dataclass(frozen=True, slots=True, order=True)
class Entity:
    """A scope and a value, as in ``account:acct-0042``."""

    scope: Scope
    value: str

    def __str__(self) -> str:
        return f"{self.scope}:{self.value}"
