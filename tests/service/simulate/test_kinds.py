"""Kinds: many ways to behave, each told in a sentence, each with texts and hours of its own."""

from __future__ import annotations

import json
import statistics
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from service.gateway.dialects import Dialects
from service.pipeline.copied import copied
from service.replay.records import read
from service.simulate.__main__ import main
from service.simulate.attacks import harvest
from service.simulate.attacks.evasion import mixed
from service.simulate.benign import batches, office
from service.simulate.client import ANTHROPIC, OPENAI, RESPONSES, Client
from service.simulate.dice import Dice
from service.simulate.kinds import ALL, ATTACKS, BENIGN, HARD, ORDINARY
from service.simulate.population import NEWEST, START, Mix, drawn, population, sent
from service.simulate.texts import Corpus, Texts, own

if TYPE_CHECKING:
    from pathlib import Path

    from service.simulate.account import Account

Record = dict[str, Any]


def an_account(kind: str = "chat", number: int = 1, texts: Texts | None = None, **mix: Any) -> Account:
    """An account of a kind."""
    made = Mix(**{"days": 1, "ceiling": 120, **mix})
    return drawn(made, texts or own(), kind, attack=kind in ATTACKS, own=(5, number), group=(6, number)).account


def a_day(kind: str, number: int = 1, texts: Texts | None = None, **mix: Any) -> list[Record]:
    """The records of one account of a kind."""
    made = Mix(**{"days": 1, "ceiling": 120, **mix})
    member = drawn(made, texts or own(), kind, attack=kind in ATTACKS, own=(5, number), group=(6, number))
    return list(sent([(member, member.drafts(ALL[kind]))]))


def last_turn(record: Record) -> str:
    """The last user turn of a chat, or the prompts."""
    query = read(record, dialects=Dialects(), number=1).query
    return next((turn.text for turn in reversed(query.turns) if turn.role == "user"), "".join(query.prompts))


def test_how_many() -> None:
    """There are forty tenants and more, a third of the honest kinds are hard to tell, and as many ways to harvest."""
    assert len(BENIGN) >= 40
    assert len(HARD) >= 10
    assert len(ATTACKS) >= 20
    assert not set(ORDINARY) & set(HARD)
    assert all(kind.hard == (name in HARD) for name, kind in ALL.items())


def test_no_kind_twice() -> None:
    """Every kind has a behaviour of its own, and a sentence that says which."""
    assert len({kind.behave for kind in ALL.values()}) == len(ALL)
    assert all(10 < len(kind.words) < 130 for kind in ALL.values())


@pytest.mark.parametrize("kind", sorted(HARD.keys() - {"course", "nightly", "classroom"}))
def test_episodes_are_fresh(kind: str) -> None:
    """Two accounts of a kind share hardly a prompt and no moment, so that episodes of it are trials of their own."""
    first, second = ([r for n in (i, i + 20) for r in a_day(kind, n, floor=60)] for i in (1, 11))
    prompts = [{last_turn(record) for record in records} for records in (first, second)]
    assert len(prompts[0] & prompts[1]) <= 0.1 * min(map(len, prompts))
    assert not {r["ts"] for r in first} & {r["ts"] for r in second}


@pytest.mark.parametrize("kind", sorted(HARD.keys() - {"course"}))
def test_hard_ones_are_heavy(kind: str) -> None:
    """With a floor, a hard account sends about that much on each day on which it sends at all."""
    counts = [len(a_day(kind, number, floor=100, ceiling=400)) for number in range(12)]
    busy = [count for count in counts if count]
    assert len(busy) >= 4
    assert statistics.median(busy) >= 80


@pytest.mark.parametrize(
    ("kind", "least", "most"),
    [
        pytest.param("redact", 0.4, 1.0, id="redacted"),
        pytest.param("proofreader", 0.6, 1.0, id="proofread"),
        pytest.param("extract", 0.3, 1.0, id="extracted"),
        pytest.param("retrieval", 0.05, 0.9, id="answered-from-passages"),
        pytest.param("list-of-prompts", 0.0, 0.0, id="harvested"),
    ],
)
def test_answers_that_copy(kind: str, least: float, most: float) -> None:
    """Where an answer is made of what was sent it says so, and a harvest's is not."""
    events = [read(r, dialects=Dialects(), number=i) for n in range(4) for i, r in enumerate(a_day(kind, n, floor=20))]
    shares = [copied(event) for event in events if event.path != "/v1/embeddings" and event.status == 200]
    assert least <= statistics.mean(shares) <= most


@pytest.mark.parametrize("api", [OPENAI, ANTHROPIC, RESPONSES])
def test_answers_of_every_api(api: str) -> None:
    """An answer's text is read back from the record whatever the API."""
    account = an_account()
    draft = Client.draw(Dice(1), api=api).echo(account.start, "a text that is sent", "and the answer to it")
    member = drawn(Mix(), own(), "chat", attack=False, own=(1,), group=(2,))
    [record] = sent([(member, iter([draft]))])
    event = read(json.loads(json.dumps(record)), dialects=Dialects(), number=1)
    assert event.answer.text_length == len("and the answer to it")
    assert event.answer.output_tokens == draft.output


@pytest.mark.parametrize("share", [0.05, 0.25, 0.5, 0.9])
def test_mixture(share: float) -> None:
    """A hidden harvest has the share that was asked for, and the honest rest is untouched."""
    account = an_account(floor=200, ceiling=200)
    drafts = list(mixed(account, harvest.reasoning, batches.moderate, share=share))
    shown = sum("Rate the post" in json.dumps(draft.request) for draft in drafts)
    assert 1 - shown / len(drafts) == pytest.approx(share, abs=0.02)
    assert [draft.at for draft in drafts] == sorted(draft.at for draft in drafts)


def test_pure_harvest() -> None:
    """At full share there is no cover at all."""
    account = an_account(floor=50, ceiling=50)
    drafts = list(mixed(account, harvest.list_of_prompts, batches.moderate, share=1.0))
    assert drafts
    assert not any("Rate the post" in json.dumps(draft.request) for draft in drafts)


def test_timer() -> None:
    """An inbox is looked at every five minutes, and everything in between waits."""
    moments = [draft.at for draft in office.mail(an_account(floor=80))]
    phase = min(moment % 300 for moment in moments)
    began = {round((moment - phase) // 300) for moment in moments}
    assert len(began) < len(moments)


def test_hours_from_elsewhere() -> None:
    """Where hours of the day are given, nobody sends at others."""
    rhythm = tuple(1.0 if hour in (3, 4) else 0.0 for hour in range(24))
    account = an_account("writer", rhythm=rhythm, floor=50)
    hours = {int((draft.at - START) // 3600 + account.zone) % 24 for draft in ALL["writer"].behave(account)}
    assert hours <= {3, 4}


def test_launch() -> None:
    """A new model is asked from its day on and not before, by more harvests than honest accounts."""
    found = list(population(3, Mix(benign=60, attackers=60, days=2, ceiling=20, launch=1), own()))
    asked = [record for record in found if record["request"].get("model") == NEWEST]
    assert min(record["ts"] for record in asked) >= START + 86_400
    movers = [len({r["account"] for r in asked if r["label"]["attack"] is attack}) for attack in (True, False)]
    assert movers[0] > movers[1] > 0


def test_corpora_alone() -> None:
    """At a share of one nothing but the corpus is harvested."""
    words = own()
    corpus = Corpus("rules", [f"What is rule {i} of the guild?" for i in range(5000)], words.domains[0])
    texts = Texts(words.domains, words.languages, (corpus,), 1.0)
    for number in range(4):
        assert all("of the guild?" in last_turn(record) for record in a_day("list-of-prompts", number, texts, floor=30))


def test_listing() -> None:
    """The command names every kind with its sentence."""
    result = CliRunner().invoke(main, ["--list"])
    assert result.exit_code == 0
    assert all(f"  {name:<16} {kind.words}" in result.output for name, kind in ALL.items())


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--kind", "mail", "--kind", "swarm"], {"mail", "swarm"}),
        (["--kind", "mail", "--kind", "swarm", "--without", "swarm"], {"mail"}),
    ],
)
def test_chosen_kinds(tmp_path: Path, options: list[str], expected: set[str]) -> None:
    """Only the kinds that were asked for are made."""
    out = tmp_path / "out.jsonl"
    result = CliRunner().invoke(main, ["--benign", "6", "--ceiling", "30", "--floor", "5", *options, "--out", str(out)])
    assert result.exit_code == 0
    assert {json.loads(line)["label"]["family"] for line in out.read_text().splitlines()} == expected


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--kind", "nobody"], "no kind 'nobody'"),
        (["--kind", "evolve"], "no honest kind is left"),
        (["--attackers", "2", "--kind", "chat"], "no distilling kind is left"),
    ],
)
def test_refused_kinds(tmp_path: Path, options: list[str], message: str) -> None:
    """What cannot be made is said before anything is written."""
    out = tmp_path / "out.jsonl"
    result = CliRunner().invoke(main, [*options, "--out", str(out)])
    assert result.exit_code == 2
    assert message in result.output
    assert not out.exists()


def test_needs_a_file() -> None:
    """Without --list there must be a file to write."""
    result = CliRunner().invoke(main, [])
    assert result.exit_code == 2
    assert "--out" in result.output
