"""Simulated campaigns: their shape, what they share, and what honest accounts around them do not."""

from __future__ import annotations

import itertools
import json
from collections import Counter, defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from detectors.features import skeleton
from service.cli import main
from service.gateway.dialects import Dialects
from service.replay.records import read
from service.simulate.hydra.crowds import CROWDS
from service.simulate.hydra.plan import Begin, Partition, Plan, Template
from service.simulate.hydra.presets import PRESETS
from service.simulate.hydra.stream import Scene, records
from service.simulate.texts import load, own

if TYPE_CHECKING:
    from pathlib import Path

Record = dict[str, Any]
SMALL = Plan(name="c", accounts=20, per_account=6, days=1)


def of(plan: Plan, *, seed: int = 3) -> list[Record]:
    """The records of a campaign alone."""
    return list(records(seed, Scene(campaigns=[plan], background=0), own()))


def honest(**scene: Any) -> list[Record]:
    """Records without a campaign."""
    return list(records(3, Scene(**{"background": 0, "days": 1, **scene}), own()))


def turns(record: Record) -> list[str]:
    """What the user said, turn by turn, instructions of the system first."""
    query = read(record, dialects=Dialects(), number=1).query
    return [turn.text for turn in query.turns if turn.role in ("system", "user")]


def asked(found: list[Record]) -> list[str]:
    """Everything asked in single turns."""
    return ["\n".join(turns(record)) for record in found]


def test_same_seed_same_records() -> None:
    """The seed decides everything; another seed gives another campaign and other neighbours."""
    scene = Scene(campaigns=[SMALL], crowds=[CROWDS["company"]], background=10, days=1)
    assert list(records(1, scene, own())) == list(records(1, scene, own()))
    assert asked(of(SMALL, seed=1)) != asked(of(SMALL, seed=2))


def test_stream_is_made_as_it_is_read() -> None:
    """The first records of the largest campaign come without the 16 million others."""
    plan = replace(PRESETS["february"], accounts=200)
    first = list(itertools.islice(records(1, Scene(campaigns=[plan], background=0), own()), 50))
    assert [record["ts"] for record in first] == sorted(record["ts"] for record in first)


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_presets_make_what_they_say(name: str) -> None:
    """Every account of a preset sends something, all within its days, and the label names the campaign."""
    plan = replace(PRESETS[name], accounts=20, per_account=min(PRESETS[name].per_account, 24), replay_reasoning=4)
    if name != "relay":
        plan = replace(plan, replay_reasoning=0)
    found = of(replace(plan, reingest=min(plan.reingest, 4)))
    members = {record["account"] for record in found}
    assert len(members) == 20
    assert {record["label"]["campaign"] for record in found} == {name}
    assert max(record["ts"] for record in found) - found[0]["ts"] <= (plan.days + 2.01) * 86_400


def test_cover_is_about_its_share() -> None:
    """Of an account with cover, about that share of the requests is honest and carries no instruction."""
    found = asked(of(replace(SMALL, per_account=20, days=4, cover=0.75)))
    tail = Counter(text.rpartition("\n\n")[2] for text in found).most_common(1)[0]
    assert tail[1] == 20 * 20
    assert 0.65 < 1 - tail[1] / len(found) < 0.8


def test_fixed_template_is_one_skeleton_end() -> None:
    """A fixed instruction stands word for word in every request, with a task of its own before it."""
    found = asked(of(SMALL))
    assert len({text.rpartition("\n\n")[2] for text in found}) == 1
    assert len({text.rpartition("\n\n")[0] for text in found}) == len(found)


def test_paraphrased_template_has_its_wordings() -> None:
    """Thirty wordings of one instruction, none of them more than a few times as frequent as another."""
    found = asked(of(replace(SMALL, per_account=60, template=Template.PARAPHRASED)))
    wordings = Counter(text.rpartition("\n\n")[2] for text in found)
    assert len(wordings) == 30
    assert max(wordings.values()) < 4 * min(wordings.values())


def test_no_template_shares_nothing() -> None:
    """Bare tasks have no skeleton in common."""
    found = asked(of(replace(SMALL, template=Template.NONE)))
    skeletons = Counter(skeleton.mask(text).template for text in found)
    assert max(skeletons.values()) <= 2


def test_dealing_in_turn_is_even_and_by_topic_is_not() -> None:
    """Dealt in turn, the accounts take turns at an even pace; by topic each has its own moments."""
    order = [record["account"] for record in of(replace(SMALL, per_account=12)) if record["status"] == 200]
    rounds = [set(order[i : i + 20]) for i in range(0, 200, 20)]
    by_topic = [record["account"] for record in of(replace(SMALL, per_account=12, partition=Partition.TOPIC))]
    assert min(map(len, rounds)) >= 18
    assert min(len(set(by_topic[i : i + 20])) for i in range(0, 200, 20)) < 18


def test_staggered_begin() -> None:
    """The last of staggered accounts begins when half of the time is over; in a burst all begin at once."""

    def spread(begin: Begin) -> float:
        firsts: dict[str, float] = {}
        for record in of(replace(SMALL, begin=begin, partition=Partition.TOPIC, per_account=40)):
            firsts.setdefault(record["account"], record["ts"])
        return max(firsts.values()) - min(firsts.values())

    assert spread(Begin.STAGGERED) > 36_000
    assert spread(Begin.BURST) < 18_000


def test_replaced_pool() -> None:
    """Who is shut out stops; successors, who are others, come hours later with the same instruction."""
    found = of(replace(SMALL, accounts=20, days=2, per_account=24, replace_after=24))
    begun = found[0]["ts"]
    first = [r for r in found if not r["label"]["family"].endswith("/successor")]
    second = [r for r in found if r["label"]["family"].endswith("/successor")]
    assert len({r["account"] for r in first}) == len({r["account"] for r in second}) == 10
    assert {r["account"] for r in first if r["status"] == 403} == {r["account"] for r in first}
    assert all(r["ts"] - begun < 24.1 * 3600 for r in first if r["status"] == 200)
    assert min(r["ts"] for r in second) - begun > 25.9 * 3600
    assert len({text.rpartition("\n\n")[2] for text in asked(found)}) == 1


def test_reasoning_is_handed_on() -> None:
    """Each sealed block is issued to one account and sent by another, later."""
    found = of(replace(SMALL, replay_reasoning=12))
    issued, sent = {}, []
    for record in found:
        for part in record["response"].get("content", ()):
            if part["type"] == "thinking":
                issued[part["signature"]] = record
        for turn in record["request"]["messages"]:
            if isinstance(turn["content"], list):
                sent += [(p["signature"], record) for p in turn["content"] if p["type"] == "thinking"]
    assert len(issued) == len(sent) == 12
    for signature, record in sent:
        assert issued[signature]["account"] != record["account"]
        assert issued[signature]["ts"] < record["ts"]


def test_answers_are_fed_back() -> None:
    """Each answer that is fed back was given to another account before."""
    found = of(replace(SMALL, reingest=10))
    given: dict[str, Record] = {}
    fed = 0
    for record in found:
        last = turns(record)[-1]
        source = next((given[text] for text in given if text in last), None)
        if source is not None:
            fed += 1
            assert source["account"] != record["account"]
        given.update(dict.fromkeys(_texts(record["response"]), record))
    assert fed == 10


def _texts(response: Record) -> list[str]:
    parts = [*response.get("content", ()), *(p for item in response.get("output", ()) for p in item.get("content", ()))]
    said = [part["text"] for part in parts if part.get("text")]
    return said + [c["message"]["content"] for c in response.get("choices", ())]


def test_agents_send_back_their_own_reasoning_only() -> None:
    """In the background a sealed block comes back from the account that it was issued to, and from no other."""
    issued: dict[str, str] = {}
    returned = 0
    for record in honest(background=120, days=2):
        for part in (record["response"] or {}).get("content", ()):
            if part["type"] == "thinking":
                issued[part["signature"]] = record["account"]
        for turn in record["request"].get("messages", ()):
            for part in turn["content"] if isinstance(turn["content"], list) else ():
                if part.get("type") == "thinking":
                    returned += 1
                    assert issued[part["signature"]] == record["account"]
    assert returned > 10


def test_background_is_thin_and_shares_little() -> None:
    """Most honest accounts send one to fifty requests a day; no ending of theirs is shared but what went round."""
    found = honest(background=200)
    volumes = sorted(Counter(record["account"] for record in found).values())
    tails: dict[str, set[str]] = defaultdict(set)
    for record in found:
        if record["label"]["family"] in ("person", "script", "product"):
            words = (turns(record) or [""])[-1].split()
            tails[" ".join(words[-4:])].add(record["account"])
    assert 2 <= volumes[len(volumes) // 2] <= 15
    assert volumes[int(len(volumes) * 0.97)] <= 60
    assert max(map(len, tails.values())) <= 6


@pytest.mark.parametrize("name", sorted(CROWDS))
def test_crowds_are_honest_and_as_large_as_said(name: str) -> None:
    """No record of a crowd is labelled as an attack; its accounts are as many as it says."""
    crowd = replace(CROWDS[name], accounts=12)
    found = honest(crowds=[crowd], days=4)
    assert len({record["account"] for record in found}) == 12
    assert not any(record["label"]["attack"] for record in found)


def test_company_is_skewed_and_of_one_org() -> None:
    """Keys of a company differ in volume by far more than those of a campaign, and continue conversations."""
    found = honest(crowds=[CROWDS["company"]])
    volumes = sorted(Counter(record["account"] for record in found).values())
    assert len({record["org"] for record in found}) == 1
    assert volumes[-1] > 10 * volumes[len(volumes) // 2]


def test_reseller_names_its_tenants() -> None:
    """Every request of a reseller says on whose behalf it is."""
    found = honest(crowds=[replace(CROWDS["reseller"], accounts=4)])
    assert all(read(record, dialects=Dialects(), number=1).end_user.startswith("tenant-") for record in found)


def test_corpora_are_dealt_without_overlap(tmp_path: Path) -> None:
    """A corpus given is dealt out: no text of it falls to two accounts."""
    file = tmp_path / "corpus.jsonl"
    file.write_text("".join(json.dumps({"text": f"Question number {i} of the corpus"}) + "\n" for i in range(120)))
    plan = replace(SMALL, template=Template.NONE)
    found = list(records(1, Scene(campaigns=[plan], background=0), load(file)))
    owners: dict[str, set[str]] = defaultdict(set)
    for record in found:
        owners[turns(record)[-1]].add(record["account"])
    assert len(owners) == 120
    assert max(map(len, owners.values())) == 1


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        pytest.param({"accounts": 1}, "accounts", id="one-account"),
        pytest.param({"cover": 1.0}, "cover", id="nothing-but-cover"),
        pytest.param({"replace_after": 72}, "replace_after", id="replaced-after-the-end"),
    ],
)
def test_impossible_plans(changes: dict[str, Any], what: str) -> None:
    """A plan that cannot be is refused with the value at fault."""
    with pytest.raises(ValueError, match=f"invalid {what}"):
        Plan(name="c", **changes)


def test_command_writes_what_is_asked(tmp_path: Path) -> None:
    """The command writes a campaign among honest accounts, and refuses a name that is none."""
    out = tmp_path / "events.jsonl"
    options = [
        "--accounts",
        "10",
        "--per-account",
        "3",
        "--background",
        "5",
        "--background-days",
        "1",
        "--crowd",
        "company",
    ]
    done = CliRunner().invoke(main, ["simulate", "hydra", *options, "--out", str(out)])
    assert done.exit_code == 0, done.output
    families = Counter(json.loads(line)["label"]["family"] for line in out.read_text().splitlines())
    assert families["campaign"] >= 30
    assert families["company"]
    refused = CliRunner().invoke(
        main, ["simulate", "hydra", "--preset", "none-such", "--out", str(tmp_path / "x.jsonl")]
    )
    assert refused.exit_code == 2
    assert "no preset 'none-such'" in refused.output
