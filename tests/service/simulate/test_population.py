"""The simulated population: deterministic, in order, diverse, and made as it is asked for."""

from __future__ import annotations

import gzip
import itertools
import json
import statistics
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from service.gateway.dialects import Dialects
from service.model.query import Inspect
from service.replay.reader import Reader
from service.replay.records import read
from service.simulate.__main__ import main
from service.simulate.kinds import ATTACKS, BENIGN
from service.simulate.population import START, Mix, members, population
from service.simulate.texts import load, own

if TYPE_CHECKING:
    from pathlib import Path

Record = dict[str, Any]


def records(seed: int = 7, **mix: Any) -> list[Record]:
    """All records of a small population."""
    return list(population(seed, Mix(**{"days": 1, "ceiling": 60, **mix}), own()))


def of_family(family: str, **mix: Any) -> list[Record]:
    """All records of some accounts of one kind."""
    kind = "benign" if family in BENIGN else "attackers"
    only = {family: {**BENIGN, **ATTACKS}[family]}
    return list(population(3, Mix(**{"days": 2, "ceiling": 60, kind: 4, "archetypes": only, **mix}), own()))


def asked(record: Record) -> str:
    """The last user turn of a chat, or the prompt."""
    query = read(record, dialects=Dialects(), number=1).query
    return next((turn.text for turn in reversed(query.turns) if turn.role == "user"), "".join(query.prompts))


def test_same_seed_same_records() -> None:
    """The seed decides everything; another seed gives another population."""
    assert records(seed=7, benign=12, attackers=4) == records(seed=7, benign=12, attackers=4)
    assert records(seed=7, benign=4) != records(seed=8, benign=4)


def test_accounts_do_not_depend_on_each_other() -> None:
    """A larger population holds the smaller one, so that a run can be extended."""
    small, large = (list(members(5, Mix(benign=n, attackers=n), own())) for n in (10, 20))
    assert {m.account.name for m in small} < {m.account.name for m in large}


def test_order_of_time() -> None:
    """Records rise in time, and none lies beyond the days asked for."""
    times = [record["ts"] for record in records(benign=40, attackers=10, days=2)]
    assert times == sorted(times)
    assert times[0] >= START
    # A refused request of the last second is sent again after midnight.
    assert times[-1] < START + 2 * 86_400 + 60


def test_made_as_asked_for() -> None:
    """The first records of a large population come without the rest being made."""
    mix = Mix(benign=150, days=10_000)
    assert len(list(itertools.islice(population(1, mix, own()), 50))) == 50


@pytest.mark.parametrize("family", [*BENIGN, *ATTACKS])
def test_every_archetype(family: str) -> None:
    """Every kind of account sends requests that a dialect understands, with an answer's usage."""
    found = of_family(family)
    assert len(found) >= 10
    assert {record["label"]["family"] for record in found} == {family}
    assert {record["label"]["attack"] for record in found} == {family in ATTACKS}
    for number, record in enumerate(found):
        event = read(json.loads(json.dumps(record)), dialects=Dialects(), number=number)
        assert event.query.inspect is Inspect.PARSED
        assert event.status == 503 or event.answer.input_tokens is not None


def test_a_day_of_honest_accounts() -> None:
    """Most honest accounts ask little, some a hundred times as much."""
    volumes = Counter(record["account"] for record in records(benign=250, ceiling=4000))
    counts = sorted(volumes.values())
    assert 10 <= statistics.median(counts) <= 80
    assert counts[-1] >= 1000


def test_every_honest_kind_is_present() -> None:
    """A population of some thousand holds every kind of honest heavy user."""
    families = Counter(member.family for member in members(7, Mix(benign=3000), own()))
    assert set(families) == set(BENIGN)
    assert min(families.values()) >= 10


@pytest.mark.parametrize("family", ["harness", "nightly"])
def test_reruns(family: str) -> None:
    """Evaluations send the same requests again on a later day, to the letter."""
    by_account: dict[str, Counter[str]] = defaultdict(Counter)
    for record in of_family(family, ceiling=80):
        if record["status"] == 200:
            by_account[record["account"]][json.dumps(record["request"])] += 1
    assert any(statistics.mean(requests.values()) > 1.5 for requests in by_account.values())


@pytest.mark.parametrize("family", ["list-of-prompts", "slow", "reasoning"])
def test_harvests_do_not_repeat(family: str) -> None:
    """A harvest asks nothing twice, but what the upstream refused."""
    by_account: dict[str, list[str]] = defaultdict(list)
    for record in of_family(family):
        if record["status"] == 200:
            by_account[record["account"]].append(asked(record))
    assert all(len(set(prompts)) == len(prompts) for prompts in by_account.values())


def test_conversations_grow() -> None:
    """A chat's next request begins with what was said before."""
    found = [r for r in of_family("chat") if r["path"] == "/v1/chat/completions"]
    seen = {json.dumps(record["request"]["messages"]) for record in found}
    longer = [r["request"]["messages"] for r in found if sum(m["role"] == "user" for m in r["request"]["messages"]) > 1]
    assert longer
    assert all(json.dumps(messages[:-2]) in seen for messages in longer if len(json.dumps(messages)) < 15_000)


def test_hydra_shares_no_trace() -> None:
    """Keys of one campaign share a job, not a name, an org or an address."""
    found = of_family("hydra", attackers=30)
    accounts = {record["account"]: record for record in found}
    assert len({record["label"]["campaign"] for record in found}) < len(accounts)
    assert len({record["ip"] for record in accounts.values()}) == len(accounts)


def test_retries() -> None:
    """A request that was refused comes again with the SDK's mark on it."""
    found = records(benign=60, ceiling=300)
    refused = [record for record in found if record["status"] == 503]
    again = [record for record in found if record["headers"].get("x-stainless-retry-count") == "1"]
    assert refused
    assert Counter(json.dumps(r["request"]) for r in refused) == Counter(json.dumps(r["request"]) for r in again)


def test_command(tmp_path: Path) -> None:
    """The command writes a file that replay reads without a complaint, and the same one again."""
    first, second = tmp_path / "a.jsonl.gz", tmp_path / "b.jsonl.gz"
    for file in (first, second):
        options = ["--benign", "8", "--attackers", "3", "--days", "1", "--ceiling", "50", "--out", str(file)]
        assert CliRunner().invoke(main, options).exit_code == 0
    reader = Reader([first], dialects=Dialects(), strict=True)
    assert sum(1 for _ in reader) > 50
    assert reader.late == 0
    assert gzip.decompress(first.read_bytes()) == gzip.decompress(second.read_bytes())


def test_corpora(tmp_path: Path) -> None:
    """Texts of a folder are asked by honest callers and harvested by others."""
    lines = "\n".join(
        json.dumps({"text": f"What is the {i}th rule of the guild?", "source": "here"}) for i in range(99)
    )
    (tmp_path / "rules.jsonl").write_text(lines)
    texts = load(tmp_path)
    found = list(population(7, Mix(benign=20, attackers=3, days=1, ceiling=50), texts))
    by_label = Counter(r["label"]["attack"] for r in found if "rule of the guild" in json.dumps(r["request"]))
    assert by_label[False] > 0
    assert by_label[True] > 0


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "no lines"),
        ("{", "bad.jsonl:1: "),
        ('{"text": "x"}\n{"text": 1}', "bad.jsonl:2: "),
        ('{"t": 0}', "no lines"),
    ],
)
def test_bad_corpus(tmp_path: Path, content: str | None, message: str) -> None:
    """A corpus that cannot be read is named."""
    if content is not None:
        (tmp_path / "bad.jsonl").write_text(content)
    result = CliRunner().invoke(main, ["--texts", str(tmp_path), "--out", str(tmp_path / "out.jsonl")])
    assert result.exit_code == 1
    assert message in result.output
