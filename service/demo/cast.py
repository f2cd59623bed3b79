"""The cast: who takes part in the demo, and under which key."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

from service.simulate.account import Account
from service.simulate.client import OPENAI, Client
from service.simulate.dice import Dice
from service.simulate.hydra.speech import Speech
from service.simulate.hydra.wording import wordings
from service.simulate.kinds import ATTACKS, BENIGN
from service.simulate.population import START
from service.simulate.texts import own

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from service.simulate.client import Draft

ENDLESS = 10_000
"""Days of traffic that an archetype is asked for; they are made one by one, and sent without the nights between."""


POOL = "pool"
"""What the accounts of the demo's campaign send: ever new tasks, each with one instruction at its end."""


@dataclass(frozen=True, slots=True)
class Actor:
    """One caller of the demo."""

    name: str
    """What the identity map calls its account."""
    archetype: str
    rate: float
    """Requests a second while the demo runs at full speed."""
    ceiling: int = 2000
    """Queries of one of its days; an evaluation with a low one comes to its exact re-runs within the demo."""

    @property
    def key(self) -> str:
        """Its caller key. No secret: it opens the built-in stand-in model only."""
        return f"sk-demo-{self.name}"

    def client(self) -> Client:
        """Its program."""
        return Client.draw(self._dice(), api=OPENAI)

    def drafts(self) -> Iterator[Draft]:
        """Its requests, in order."""
        dice = self._dice()
        account = Account(
            name=self.name, org="", ip="", client=Client.draw(dice, api=OPENAI), dice=dice, texts=own(), start=START,
            days=ENDLESS, zone=0, ceiling=self.ceiling, group=(1,),
        )  # fmt: skip
        if self.archetype == POOL:
            return _pool(account)
        return {**BENIGN, **ATTACKS}[self.archetype].behave(account)

    def _dice(self) -> Dice:
        return Dice(*self.name.encode())


def _pool(account: Account) -> Iterator[Draft]:
    (instruction,) = wordings(1, Dice(*POOL.encode()))
    for place in count():
        task = Speech.draw(account.texts, account.dice).task(account.dice)
        at = account.start + 60.0 * place
        yield account.client.single(at, f"{task}\n\n{instruction}", account.dice.lognormal(600, 0.5))


CAST = (
    Actor("clone-factory", "list-of-prompts", 36.0),
    Actor("acme-chatbot", "product", 10.0),
    Actor("nightly-evals", "nightly", 9.0, ceiling=80),
    Actor("batch-labels", "classify", 10.0),
    Actor("team-codebase", "coding", 3.0),
    Actor("docs-search", "retrieval", 3.0),
    *(Actor(f"quiet-notebook-{n}", "chat", 0.4) for n in range(1, 9)),
    *(Actor(f"{POOL}-{n}", POOL, 0.3) for n in range(1, 13)),
)
"""One distiller; honest callers who send about as much; some who send little; and a pool of accounts of which each
sends as little, and which are one campaign."""


def identity_map(digest: Callable[[str], str]) -> str:
    """The identity map that names the cast, as YAML.

    Parameters
    ----------
    digest
        From a caller key to its digest under the installation's pepper.

    """
    lines = ["# The demo's callers. 'revenuer key digest' prints the digest of a key.", "keys:"]
    lines += [f'  "{digest(actor.key)}": {{account: {actor.name}}}' for actor in CAST]
    return "\n".join(lines) + "\n"
