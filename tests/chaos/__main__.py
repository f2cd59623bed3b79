"""``python -m tests.chaos``: the long form, and the two weak variants beside it."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import click

from tests.chaos.storm import Aftermath, Plan, run


def told(after: Aftermath) -> str:
    """The figures, in words."""
    verdict, difference = after.verdict, after.difference
    lines = [
        f"variant                {after.plan.variant or 'the product'}, seed {after.plan.seed}",
        f"load                   {after.plan.rate:.0f} events/s (two a request) for {after.seconds:.0f} s",
        f"kills -9               {', '.join(f'{role} {count}' for role, count in sorted(after.kills.items()))}",
        f"requests               {after.sent} sent, {after.answered} answered",
        f"answer time            p50 {after.p50_ms:.1f} ms, p99 {after.p99_ms:.1f} ms",
        f"rows in the log        {verdict.rows}",
        f"answered, not logged   {verdict.lost}",
        f"logged twice           {verdict.doubled}",
        f"logged, never sent     {verdict.invented}",
        f"miscounted per account {verdict.miscounted}",
    ]
    if difference:
        lines += [
            f"compared               {difference.rows} rows, {difference.entities} entities with an undisturbed run",
            f"differing rows         {difference.log}",
            f"differing counts       {difference.counts}",
            f"differing evaluations  {difference.evaluations}",
            f"differing flags        {difference.flags}",
            f"states' distance       {difference.states:.1e}",
        ]
    return "\n".join(lines)


@click.command()
@click.option("--kills", default=20, show_default=True, help="kill -9 of gateway or worker")
@click.option("--rate", default=1000.0, show_default=True, help="events a second; a request has two")
@click.option("--seconds", default=60.0, show_default=True)
@click.option("--seed", default=1, show_default=True)
@click.option("--weak/--no-weak", default=True, show_default=True, help="also the weak variants, which must fail")
def main(*, kills: int, rate: float, seconds: float, seed: int, weak: bool) -> None:
    """Kill gateway and worker under load and compare what is left with what the clients know."""
    plans = [Plan(kills=kills, rate=rate, seconds=seconds, seed=seed)]
    if weak:
        plans += [Plan(kills=6, rate=rate, seconds=20, seed=seed, variant=v, victims=w) for v, w in WEAK.items()]
    kept = True
    with tempfile.TemporaryDirectory(prefix="revenuer-chaos-") as folder:
        for number, plan in enumerate(plans):
            place = Path(folder) / str(number)
            place.mkdir()
            after = run(plan, place)
            click.echo(told(after) + "\n")
            difference = after.difference
            same = difference is None or difference.none
            held = after.verdict.faults == 0 and same
            kept &= held if not plan.variant else not held
    click.echo("every promise held, and every weak variant was found out" if kept else "FAILED")
    sys.exit(not kept)


WEAK = {"memory": ("gateway",), "early": ("worker",), "apart": ("worker",)}

if __name__ == "__main__":
    main()
