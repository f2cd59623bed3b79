from __future__ import annotations

import numpy as np
import pytest

from service.bench.suite import BenchError, Given
from service.bench.twosample.contest import SHARES, disjoint
from service.bench.twosample.counts import largest
from service.bench.twosample.dense import proportion
from service.bench.twosample.pairs import generated, pairs
from service.bench.twosample.published import Published
from service.bench.twosample.views import Views
from service.bench.twosample.window import WindowTest


@pytest.fixture(scope="module")
def texts() -> dict[str, Views]:
    """Generated corpora, read once."""
    return {name: Views.of(said[:1200]) for name, said in generated(1).items()}


def test_p_values_of_benign_windows_are_not_small(texts: dict[str, Views]) -> None:
    """Held-out windows of the same texts are spread over the p-values, and none is an alarm."""
    benign = texts["b_generated_questions"]
    test = WindowTest(benign.take(slice(0, 400)), benign.take(slice(400, 800)), 50, draws=200)
    found = [test(benign.take(slice(i, i + 50))) for i in range(800, 1200, 50)]
    assert max(verdict.p_value for verdict in found) > 0.3
    assert max(verdict.score for verdict in found) < test.threshold


def test_more_attackers_score_higher(texts: dict[str, Views]) -> None:
    """The score of a window rises with the attackers' share, and all of them are an alarm."""
    benign, attack = texts["b_generated_questions"], texts["a_generated_tasks"]
    test = WindowTest(benign.take(slice(0, 400)), benign.take(slice(400, 800)), 100, draws=200)
    held, other = test.read(benign.take(slice(800, 900))), test.read(attack.take(slice(0, 100)))
    scores = [
        test.verdict(held.take(slice(0, 100 - count)), other.take(slice(0, count))).score for count in (0, 10, 40, 100)
    ]
    assert scores == sorted(scores)
    assert scores[-1] > 3 * test.threshold


def test_parts_make_the_window(texts: dict[str, Views]) -> None:
    """A window judged in parts has the verdict of the whole."""
    benign = texts["b_generated_questions"]
    test = WindowTest(benign.take(slice(0, 400)), benign.take(slice(400, 800)), 100, draws=50)
    whole = test(benign.take(slice(800, 900)))
    parts = test.read(benign.take(slice(800, 830))), test.read(benign.take(slice(830, 900)))
    assert test.verdict(*parts).score == pytest.approx(whole.score)


def test_too_small_a_half_is_refused(texts: dict[str, Views]) -> None:
    """Nothing is learnt from a handful of texts."""
    benign = texts["b_generated_questions"]
    with pytest.raises(ValueError, match="each half needs 40"):
        WindowTest(benign.take(slice(0, 39)), benign.take(slice(39, 90)), 20)


def test_published_threshold_is_on_the_safe_side() -> None:
    """Single draws make the published threshold, so benign means over 20 exceed it in fewer than one of twenty."""
    random = np.random.default_rng(1)
    pool, held = random.normal(size=(1200, 16)), random.normal(size=(1200, 16))
    test = Published(pool / 4, 60)
    across = test.read(held / 4)
    scores = [test.score(held[i : i + 60] / 4, across[i : i + 60]) for i in range(0, 1200, 60)]
    assert sum(score > test.threshold for score in scores) <= 2
    shifted = (held[:60] + 1.0) / 4
    assert test.score(shifted, test.read(shifted)) > test.threshold


def test_a_proportion_is_in_deviations() -> None:
    """Equal shares differ by chance alone: mean 0, variance about 1."""
    random = np.random.default_rng(1)
    window, rest = random.binomial(300, 0.2, 4000), random.binomial(2000, 0.2, 4000)
    found = proportion(window.astype(float), 300, rest.astype(float), 2000)
    assert abs(found.mean()) < 0.1
    # A binomial count varies a little less than a Poisson one, by the share itself.
    assert found.var() == pytest.approx(0.8, abs=0.1)


def test_one_large_excess_leads_the_statistics() -> None:
    """Of a row with one excess of 9, the largest is 9 and the sum of squares beyond 2 is 49."""
    row = np.zeros((1, 100))
    row[0, 17] = 9.0
    top_1, top_5, _, excess = largest(row)[0]
    assert (top_1, top_5, excess) == pytest.approx((9.0, 1.8, 49.0))


def test_every_disjoint_window_is_judged_once(texts: dict[str, Views]) -> None:
    """Of 1,200 texts in thirds, windows of 200 are six, each made anew with every share of the attackers."""
    attacks = {"tasks": texts["a_generated_tasks"]}
    seen = list(disjoint(texts["b_generated_questions"], attacks, 200, seed=1, repeats=1, draws=400))
    benign = [one for one in seen if not one.attack]
    assert len(benign) == 6
    assert [one.share for one in seen if one.attack] == list(SHARES) * 6
    assert max(one.ours for one in benign) < 1.0 < min(one.ours for one in seen if one.share >= 0.25)


def test_pairs_are_made_of_what_there_is(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Without a folder they are generated; a folder without an attacker is refused in words."""
    _, chosen = pairs(Given())
    assert {pair.attack for pair in chosen} == {"a_generated_tasks", "a_generated_problems"}
    folder = tmp_path_factory.mktemp("corpora")
    (folder / "b_only.jsonl").write_text('{"text": "one"}\n')
    with pytest.raises(BenchError, match="no pair can be made"):
        pairs(Given(corpora=folder))
