"""Policy: which flags call for a decision without a person, as an operator wrote it.

A YAML file of rules; the first that fits a flag decides. What a policy decides acts only after a delay that is
drawn anew for each flag: a 429 right after a query would tell a distiller which query it was.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Annotated, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, ValidationError

from service.model.decision import Decision, Guarded, Kind, Origin
from service.model.flag import Severity

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from service.model.flag import Flag

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
SECOND = 1_000_000


class PolicyError(Exception):
    """The policy cannot be used; the message says which file, where in it, and why."""


def _microseconds(value: object) -> object:
    match = re.fullmatch(r"(\d+)\s*([smhd])", value) if isinstance(value, str) else None
    if match is None:
        raise ValueError("expected a duration as in 90s, 15m, 24h or 7d")
    return int(match[1]) * UNITS[match[2]] * SECOND


Duration = Annotated[int, BeforeValidator(_microseconds)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class When(_Part):
    """Which flags a rule is about; every condition must hold."""

    severity: Severity = Severity.HIGH
    """At least this."""
    scopes: frozenset[Guarded] = Field(frozenset({"account"}), min_length=1)  # type: ignore[arg-type]
    techniques: frozenset[str] = frozenset()
    """One of these MITRE ATLAS ids, where any is named."""
    false_positive_rate: float | None = Field(None, gt=0, lt=1)
    """The upper end of the flag's interval is at most this."""


class Then(_Part):
    """What the rule decides."""

    kind: Literal[Kind.ANNOTATE, Kind.THROTTLE, Kind.BLOCK]
    hold: Duration = Field(24 * 3600 * SECOND, alias="for")
    """How long it acts."""
    delay: Duration = 5 * 60 * SECOND
    """Earliest moment that it acts after the flag was seen."""
    jitter: Duration = 30 * 60 * SECOND
    """Longest that is waited beyond the delay; how long differs from flag to flag."""


class Rule(_Part):
    """One rule."""

    name: str = Field(min_length=1, max_length=64)
    when: When = When()  # type: ignore[call-arg]
    then: Then


class Policy(_Part):
    """Rules, in the order in which they are tried."""

    rules: tuple[Rule, ...] = ()
    enforce: StrictBool = False
    """Whether what the rules decide acts; else it is simulated: recorded and counted."""

    def decides(self, flag: Flag, now: int) -> Decision | None:
        """The decision that the flag calls for, None where it calls for none.

        Parameters
        ----------
        now
            Wall-clock time in microseconds since the epoch.

        """
        rule = next((rule for rule in self.rules if _fits(rule.when, flag)), None)
        if rule is None:
            return None
        since = now + rule.then.delay + _drawn(flag, rule.then.jitter)
        return Decision(
            id=f"policy-{flag.id}"[:64],
            entity=flag.entity,
            kind=rule.then.kind,
            since=since,
            until=since + rule.then.hold,
            origin=Origin.POLICY,
            reason=f"rule '{rule.name}' on flag {flag.id}",
            simulated=not self.enforce,
            created=now,
        )


NONE = Policy()
"""The default: nothing acts by itself."""


def load(path: Path | None) -> Policy:
    """The policy in a file; ``NONE`` where none is named.

    Raises
    ------
    PolicyError
        Missing, not YAML, or not a policy.

    """
    if path is None:
        return NONE
    try:
        document = yaml.safe_load(path.read_text())
        return Policy.model_validate({} if document is None else document)
    except OSError as error:
        raise PolicyError(f"{path}: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError):
        raise PolicyError(f"{path}: not YAML") from None
    except ValidationError as error:
        raise PolicyError("\n".join(f"{path}: {line}" for line in _told(error))) from None


def _told(error: ValidationError) -> Sequence[str]:
    return [
        f"{'.'.join(map(str, item['loc'])) or 'the file'}: {item['msg'].removeprefix('Value error, ')}"
        for item in error.errors()
    ]


def _fits(when: When, flag: Flag) -> bool:
    return (
        flag.severity.rank >= when.severity.rank
        and flag.entity.scope in when.scopes
        and (not when.techniques or bool(when.techniques & set(flag.techniques)))
        and (when.false_positive_rate is None or flag.false_positive_rate.high <= when.false_positive_rate)
    )


def _drawn(flag: Flag, most: int) -> int:
    """A length up to ``most`` that nobody outside can tell and that a second look at the same flag gives again."""
    digest = hashlib.blake2b(flag.id.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") * most >> 64
