"""The figures of a long form, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.chaos.faults import FAULTS

if TYPE_CHECKING:
    from tests.chaos.campaign import Outcome
    from tests.chaos.check import Verdict
    from tests.chaos.left import Difference
    from tests.chaos.outage import Outage
    from tests.chaos.storm import Aftermath


def told_storm(after: Aftermath) -> str:
    """A storm on the embedded mode."""
    return "\n".join(
        [
            f"variant                {after.plan.variant or 'the product'}, seed {after.plan.seed}",
            f"load                   {after.plan.rate:.0f} events/s (two a request) for {after.seconds:.0f} s",
            f"kills -9               {_counted(after.kills)}",
            f"requests               {after.sent} sent, {after.answered} answered",
            f"answer time            p50 {after.p50_ms:.1f} ms, p99 {after.p99_ms:.1f} ms",
            *_verdict(after.verdict),
            *_difference(after.difference),
        ]
    )


def told_campaign(outcome: Outcome) -> str:
    """A campaign on the distributed mode, each fault with its verdict."""
    plan = outcome.plan
    stream = "a cluster of three Valkeys" if plan.clustered else "Valkey"
    return "\n".join(
        [
            f"variant                {plan.variant or 'the product'} on Postgres and {stream}, seed {plan.seed}",
            f"load                   {plan.rate:.0f} events/s (two a request) for {outcome.seconds:.0f} s",
            f"kills -9 at random     {outcome.kills.total()}: {_counted(outcome.kills)}",
            *(
                f"fault {number:<4} {FAULTS[number].name}: {wrong or 'held'}"
                for number, wrong in outcome.faults.items()
            ),
            f"requests               {outcome.sent} sent, {outcome.answered} answered",
            f"failed by our doing    {outcome.failed} outside of a gateway that was killed",
            *(_verdict(outcome.verdict) if outcome.verdict else ()),
            *_difference(outcome.difference),
        ]
    )


def told_outage(found: Outage) -> str:
    """Both stores as black holes."""
    calm, away = found.calm_p99 * 1e3, found.outage_p99 * 1e3
    return "\n".join(
        [
            f"stores black-holed     {found.plan.seconds:.0f} s under {found.plan.rate:.0f} requests/s",
            f"requests               {found.sent} sent, {found.answered} answered",
            f"p99 answer time        {calm:.1f} ms undisturbed, {away:.1f} ms meanwhile",
            f"gateway's memory       grew by {found.growth / 2**20:.1f} MiB",
            *_verdict(found.verdict),
        ]
    )


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{role} {count}" for role, count in sorted(counts.items()))


def _verdict(verdict: Verdict) -> list[str]:
    return [
        f"rows in the log        {verdict.rows}",
        f"answered, not logged   {verdict.lost}",
        f"logged twice           {verdict.doubled}",
        f"logged, never sent     {verdict.invented}",
        f"miscounted per account {verdict.miscounted}",
    ]


def _difference(difference: Difference | None) -> list[str]:
    if difference is None:
        return []
    return [
        f"compared               {difference.rows} rows, {difference.entities} entities with an undisturbed run",
        f"differing rows         {difference.log}",
        f"differing counts       {difference.counts}",
        f"differing evaluations  {difference.evaluations}",
        f"differing flags        {difference.flags}",
        f"states' distance       {difference.states:.1e}",
    ]
