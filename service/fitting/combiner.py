"""Fit the combiner: ``python -m service.fitting.combiner --texts FILE... --seed N --out combiner.npz``.

Simulated accounts of every kind, each on texts of the project or of one corpus, go through the pipeline. Half of the
benign ones make the references that p-values are taken against; the other half and the harvests, at shares of a
quarter to all of an account's requests, are the examples. Each account is measured by a
model of purpose that has not seen its kind. ``--without`` leaves kinds out whole, for figures about them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from detectors.core.combiner_fit import fit_combiner
from detectors.core.fit import fit
from detectors.features.fit import texts_of
from service.bench.episodes import plan
from service.bench.episodes.crossing import examples, rows
from service.bench.episodes.library import BORROWED, HARVEST, HONEST, OWN, Library
from service.bench.episodes.measure import measured
from service.bench.suite import Given
from service.simulate.texts import Corpus, Texts, own

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from detectors.core.combiner import Combiner
    from service.bench.episodes.measure import Measured
    from service.simulate.dice import Dice

ORDINARY, HARD, ATTACKS = 12, 18, 6
"""Accounts of each kind; of attacks at each share."""
SHARES = (1.0, 0.5, 0.25)
VOLUME = plan.Volume((20, 400), (60, 500), harvest=(60, 400))
BARE = 0.4
"""Share of the accounts that write the project's own texts."""


@dataclass(frozen=True)
class Shelves(Library):
    """Corpora that may be fitted on, for every fold alike: their classes as their names say, ``a_...`` or ``b_...``."""

    corpora: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def texts(self, fold: int, dice: Dice, *, attack: bool, hard: bool = False) -> tuple[str, Texts]:  # noqa: ARG002
        """The texts of one account, and the name of their source."""
        words = own()
        if dice.chance(BARE):
            return OWN, Texts(words.domains, words.languages)
        wanted = (HARVEST,) if attack else (HARVEST, HONEST) if hard else (HONEST,)
        known = [held for held in self.corpora if held[0][0].upper() in wanted]
        name, texts = dice.pick(known)
        corpus = Corpus(name, texts, dice.pick(words.domains))
        return name, Texts(words.domains, words.languages, (corpus,), 1.0 if attack else BORROWED)


def combined(
    references: Sequence[Measured], accounts: Sequence[Measured], *, seed: int, about: Mapping[str, object]
) -> Combiner:
    """The combiner of these accounts, with p-values against the references, benign ones that are not among them."""
    held = fit(rows(references), provenance={"source": "fitting"}, seed=seed, halves=False)
    return fit_combiner(list(examples(accounts)), held, about=about)


@click.command()
@click.option("--texts", "files", multiple=True, required=True, type=click.Path(path_type=Path, exists=True))
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True)
@click.option("--without", multiple=True, metavar="KIND", help="Leave this kind of account out.")
@click.option("--out", required=True, type=click.Path(path_type=Path, dir_okay=False))
def main(*, files: tuple[Path, ...], seed: int, without: tuple[str, ...], out: Path) -> None:
    """Fit the model of whole accounts."""
    read = {path.name.partition(".")[0]: texts_of(path) for path in files}
    library = Shelves(None, tuple((name, tuple(texts)) for name, (texts, _) in sorted(read.items())))
    benign = plan.benign(seed + plan.KNOWN, VOLUME, ordinary_each=ORDINARY, hard_each=HARD)
    attacks = plan.attacks(seed + plan.HARVESTED, VOLUME, each=ATTACKS, shares=SHARES)
    wanted = [episode for episode in (*benign, *attacks) if episode.kind not in without]
    done = measured(wanted, library, Given(seed=seed, say=lambda line: click.echo(line, err=True)), "accounts")
    honest = [account for account in done if not account.episode.attack]
    about = {
        "command": f"python -m service.fitting.combiner --texts {' '.join(p.name for p in files)} --seed {seed}"
        + "".join(f" --without {kind}" for kind in sorted(without))
        + " --out combiner.npz",
        "seed": seed,
        "licences": sorted({"Apache-2.0 (the project's own texts)", *(licence for _, licence in read.values())}),
        "accounts": len(done),
        "queries": sum(account.queries for account in done),
    }
    made = combined(honest[::2], [*honest[1::2], *(a for a in done if a.episode.attack)], seed=seed, about=about)
    made.save(out)
    for name, weight in sorted([*made.weights.items(), *made.alone.items()], key=lambda item: -item[1]):
        click.echo(f"{weight:8.3f}  {name}")


if __name__ == "__main__":
    main()
