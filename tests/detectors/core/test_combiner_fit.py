"""Fitting the combiner: it finds what tells two sides apart, and gives no weight to what does not."""

from __future__ import annotations

import numpy as np

from detectors.core.baseline import ALL_STRATA, Reference
from detectors.core.combiner_fit import Example, fit_combiner
from tests.detectors.factories import baselines

PROBING = "interface.probing"
TELLING, NOISE, CLEARS = "training_value.taken_1d", "volume.fresh_tokens_1h", "volume.rerun_share"


def examples(count: int = 300) -> list[Example]:
    """Attackers take ten times as much, the honest run a third of it again; the third number says nothing."""
    random = np.random.default_rng(5)
    found = []
    for attack in (False, True):
        for number in range(count):
            values = {
                TELLING: float(random.lognormal(3.0 if attack else 0.7)),
                NOISE: float(random.lognormal(0.7)),
                CLEARS: 0.0 if attack else float(random.random() * 0.6),
            }
            found.append(Example(f"{attack}-{number}", f"{attack}-{number % 4}", attack, "account", 600, values))
    return found


def test_weights_go_to_what_tells() -> None:
    """The telling signal outweighs the noise ten times over, and what clears gets a weight of its own."""
    benign = Reference.of(np.random.default_rng(6).lognormal(0.7, size=2000))
    held = baselines(references={("account", ALL_STRATA, name): benign for name in (TELLING, NOISE)})
    made = fit_combiner(examples(), held, about={})
    assert made.weights[TELLING] > 10 * made.weights.get(NOISE, 0.0)
    assert made.weights[CLEARS] > 0.5
    assert made.score({TELLING: 0.01}, {CLEARS: 0.0}, 600) > 0.5 > made.score({TELLING: 0.5}, {CLEARS: 0.5}, 600)


def test_an_account_is_fitted_at_its_worst_moment() -> None:
    """Honest accounts that peak once as harvests always do are as bad as these, whatever else they do: no weight."""
    random = np.random.default_rng(7)
    peaking = []
    for attack in (False, True):
        for number in range(200):
            quiet, loud = ({TELLING: float(random.lognormal(mean))} for mean in (3.0 if attack else 0.7, 3.0))
            name, kind = f"{attack}-{number}", f"{attack}-{number % 4}"
            peaking += [Example(name, kind, attack, "account", n, v) for n, v in ((599, loud), (600, quiet))]
    benign = Reference.of(random.lognormal(0.7, size=2000))
    held = baselines(references={("account", ALL_STRATA, TELLING): benign})
    once = fit_combiner(peaking, held, about={}).weights.get(TELLING, 0.0)
    always = fit_combiner([e for e in peaking if e.queries == 600], held, about={}).weights[TELLING]
    assert once < always / 2


def test_what_honest_callers_never_show_decides_alone() -> None:
    """A kind that shows only this, among kinds that never do, is told apart; the other weights know nothing of it."""
    random = np.random.default_rng(8)
    shown = [
        Example(f"probe-{n}", "probe", attack=True, scope="account", queries=600, values={TELLING: 0.1, PROBING: 0.5})
        for n in range(60)
    ]
    others = [Example(e.account, e.kind, e.attack, e.scope, e.queries, {**e.values, PROBING: 0.0}) for e in examples()]
    references = {
        ("account", ALL_STRATA, TELLING): Reference.of(random.lognormal(0.7, size=2000)),
        ("account", ALL_STRATA, PROBING): Reference.of(np.zeros(2000)),
    }
    made = fit_combiner([*others, *shown], baselines(references=references), about={})
    assert PROBING in made.alone
    assert PROBING not in made.weights
    assert made.score({TELLING: 1.0, PROBING: 0.001}, {}, 600) > 0.9
    assert made.score({TELLING: 1.0, PROBING: 1.0}, {}, 600) < 0.5
