"""Kinds: every way to behave that the simulator knows, how common it is, and which honest ones look like a harvest."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from service.simulate.attacks import depths, evasion, harvest, shaped, skills
from service.simulate.benign import (
    agents,
    apps,
    automata,
    batches,
    chores,
    crowds,
    evaluations,
    office,
    people,
    products,
    repositories,
    searching,
    trials,
    workers,
)
from service.simulate.client import OPENAI

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from service.simulate.account import Account
    from service.simulate.client import Draft


@dataclass(frozen=True, slots=True)
class Archetype:
    """A kind of account: how it behaves, and how common it is."""

    behave: Callable[[Account], Iterator[Draft]]
    weight: float
    group: int = 1
    """Accounts of it that belong together."""
    api: str = ""
    """Where it is always the same."""
    hard: bool = False
    """Honest, and close to a harvest in volume, breadth, pace or wording: a hard negative."""

    @property
    def words(self) -> str:
        """What it is, in a sentence."""
        return re.sub(r" \[\^\d\]", "", (self.behave.__doc__ or "").partition("\n")[0])


ORDINARY: Mapping[str, Archetype] = {
    "chat": Archetype(people.chat, 48),
    "support": Archetype(products.support, 5),
    "autocomplete": Archetype(products.autocomplete, 3, api=OPENAI),
    "coding": Archetype(agents.coding, 6),
    "moderate": Archetype(batches.moderate, 2),
    "summarise": Archetype(batches.summarise, 2),
    "index": Archetype(batches.index, 1, api=OPENAI),
    "tutor": Archetype(apps.tutor, 2),
    "companion": Archetype(apps.companion, 1.5),
    "speaker": Archetype(apps.speaker, 1.5),
    "planner": Archetype(apps.planner, 1.5),
    "game": Archetype(apps.game, 1.5),
    "proofreader": Archetype(apps.proofreader, 1.5),
    "headlines": Archetype(apps.headlines, 1),
    "intranet": Archetype(office.intranet, 2),
    "mail": Archetype(office.mail, 1.5),
    "reports": Archetype(office.reports, 1),
    "incidents": Archetype(office.incidents, 1),
    "analyst": Archetype(office.analyst, 1.5),
    "watch": Archetype(office.watch, 1),
    "clean": Archetype(chores.clean, 1),
    "tags": Archetype(chores.tags, 1, api=OPENAI),
    "matches": Archetype(chores.matches, 1),
    "redact": Archetype(chores.redact, 1),
    "captions": Archetype(chores.captions, 1),
    "screen": Archetype(chores.screen, 1),
    "rewrite": Archetype(searching.rewrite, 1),
    "rerank": Archetype(searching.rerank, 1),
    "lookup": Archetype(searching.lookup, 1, api=OPENAI),
    "suggest": Archetype(searching.suggest, 1),
    "reviewer": Archetype(repositories.reviewer, 1.5),
    "commits": Archetype(repositories.commits, 1),
    "docstrings": Archetype(repositories.docstrings, 1),
    "port": Archetype(repositories.port, 1),
    "research": Archetype(automata.research, 1),
    "browser": Archetype(automata.browser, 1),
    "desk": Archetype(automata.desk, 1.5),
    "notebook": Archetype(workers.notebook, 1.5),
    "playground": Archetype(workers.playground, 1.5),
    "contractor": Archetype(workers.contractor, 1.5),
    "learner": Archetype(workers.learner, 2),
    "weekend": Archetype(workers.weekend, 2),
}
HARD: Mapping[str, Archetype] = {
    "harness": Archetype(evaluations.harness, 2.5, hard=True),
    "benchmark": Archetype(trials.benchmark, 1.5, hard=True),
    "nightly": Archetype(evaluations.nightly, 1.5, hard=True),
    "judge": Archetype(evaluations.judge, 1.5, hard=True),
    "redteam": Archetype(trials.redteam, 1, hard=True),
    "rehearsal": Archetype(trials.rehearsal, 1, hard=True),
    "fixtures": Archetype(trials.fixtures, 1, hard=True),
    "classify": Archetype(batches.classify, 4, hard=True),
    "extract": Archetype(batches.extract, 3, hard=True),
    "translate": Archetype(batches.translate, 2.5, hard=True),
    "localise": Archetype(chores.localise, 1, hard=True),
    "describe": Archetype(batches.describe, 2, hard=True),
    "articles": Archetype(batches.articles, 1.5, hard=True),
    "quizzes": Archetype(batches.quizzes, 1, hard=True),
    "writer": Archetype(products.writer, 4, hard=True),
    "product": Archetype(products.product, 9, hard=True),
    "retrieval": Archetype(products.retrieval, 5, api=OPENAI, hard=True),
    "course": Archetype(people.course, 8, group=25, hard=True),
    "classroom": Archetype(crowds.classroom, 1, hard=True),
    "gateway": Archetype(crowds.gateway, 1, hard=True),
    "hackathon": Archetype(workers.hackathon, 1, api=OPENAI, hard=True),
    "swarm": Archetype(automata.swarm, 1, hard=True),
}
BENIGN: Mapping[str, Archetype] = {**ORDINARY, **HARD}
ATTACKS: Mapping[str, Archetype] = {
    "list-of-prompts": Archetype(harvest.list_of_prompts, 3),
    "self-instruct": Archetype(harvest.self_instruct, 2),
    "evolve": Archetype(harvest.evolve, 2),
    "personas": Archetype(harvest.personas, 2),
    "reasoning": Archetype(harvest.reasoning, 2),
    "reward": Archetype(harvest.reward, 2),
    "from-nothing": Archetype(harvest.from_nothing, 1),
    "code": Archetype(skills.code, 2),
    "tools": Archetype(skills.tools, 2),
    "roleplay": Archetype(skills.roleplay, 2),
    "expert": Archetype(skills.expert, 2),
    "pairs": Archetype(skills.pairs, 2),
    "structured": Archetype(shaped.structured, 2),
    "sentences": Archetype(shaped.sentences, 2),
    "preferences": Archetype(shaped.preferences, 2),
    "samples": Archetype(shaped.samples, 2),
    "cleaned": Archetype(shaped.cleaned, 2),
    "bootstrap": Archetype(shaped.bootstrap, 2, api=OPENAI),
    "logits": Archetype(depths.logits, 2, api=OPENAI),
    "rationales": Archetype(depths.rationales, 2),
    "thoughts": Archetype(depths.thoughts, 2),
    "dialogues": Archetype(depths.dialogues, 2),
    "trajectories": Archetype(depths.trajectories, 2),
    "slow": Archetype(evasion.slow, 2),
    "hydra": Archetype(evasion.hydra, 3, group=40),
    "covered": Archetype(evasion.covered, 3),
}
ALL: Mapping[str, Archetype] = {**BENIGN, **ATTACKS}
"""Weights are of accounts: a group of 40 keys counts as 40."""
