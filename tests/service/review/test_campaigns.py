"""What corrections make of campaigns, whatever is found later."""

from __future__ import annotations

from dataclasses import replace

import pytest

from service.model.campaign import Campaign, Correction, Member
from service.model.entity import Entity, Scope
from service.model.flag import Flag, Severity
from service.model.link import Link, LinkKind, Odometer
from service.ports import FoundCampaign
from service.review import campaigns
from service.review.campaigns import Unfit, shown
from service.review.standing import Standing
from tests.contracts.factories import T0, a_flag

HOUR = 3_600_000_000
NAMES = ("acct-1", "acct-2", "acct-3", "acct-4")


def a_link(*accounts: str) -> Link:
    """One template that they share."""
    return Link(LinkKind.SKELETON, accounts, 0.999, 0.001, 2_000, "one template")


def a_find(name: str = "c1", members: tuple[str, ...] = NAMES, **changes: object) -> FoundCampaign:
    """A campaign of four accounts."""
    flag: Flag = replace(
        a_flag(),
        entity=Entity(Scope.CAMPAIGN, name),
        members=members,
        links=(a_link(*members),),
        odometer=Odometer(40, 9_000, 0.25),
        **changes,  # type: ignore[arg-type]
    )
    return FoundCampaign(flag, Severity.HIGH)


def held(*corrections: Correction) -> dict[str, Correction]:
    """By id."""
    return {correction.id: correction for correction in corrections}


def one(*found: FoundCampaign, by: dict[str, Correction] | None = None) -> Campaign:
    """The one campaign there is."""
    (campaign,) = shown(found, by or {})
    return campaign


def test_what_was_found_is_shown() -> None:
    """With its links, what it took, and the highest severity of its flags."""
    campaign = one(a_find())
    assert (campaign.members, campaign.severity) == (NAMES, Severity.HIGH)
    assert campaign.links == (a_link(*NAMES),)
    assert campaign.odometer == Odometer(40, 9_000, 0.25)
    # All within 40 seconds, which counts as an hour.
    assert campaign.pace == pytest.approx(40 * 24)


def test_an_account_that_was_taken_out_stays_out() -> None:
    """Also of what is found later, and of its links; and comes back when it is let in again."""
    correction = campaigns.excluded(one(a_find()), ["acct-2"], {}, T0)
    later = one(a_find(members=(*NAMES, "acct-5")), by=held(correction))
    assert later.members == ("acct-1", "acct-3", "acct-4", "acct-5")
    assert later.links[0].accounts == later.members
    assert later.excluded == ("acct-2",)
    (again,) = campaigns.included(later, ["acct-2"], held(correction), T0)
    assert again.version == 2
    assert one(a_find(), by=held(again)).members == NAMES


def test_a_merged_campaign_is_part_of_the_other() -> None:
    """Their members are one list and what they took is added up; the link says who did it."""
    other = a_find("c2", ("acct-8", "acct-9"), last_seen=T0 + HOUR)
    second, first = shown([a_find(), other], {})
    correction = campaigns.merged(second, first, {}, T0)
    campaign = one(a_find(), other, by=held(correction))
    assert (campaign.id, campaign.members, campaign.merged) == ("c1", (*NAMES, "acct-8", "acct-9"), ("c2",))
    assert campaign.odometer == Odometer(80, 18_000, 0.25)
    assert campaign.last_seen == T0 + HOUR
    assert campaign.links[-1].kind is LinkKind.REVIEWER


def test_campaigns_that_are_seen_to_be_one_are_shown_as_one() -> None:
    """Nothing is counted twice, and whoever was taken out or split off before stays so."""
    old = a_find("c2", ("acct-1", "acct-2", "acct-8"))
    (before,) = shown([old], {})
    by = held(campaigns.excluded(before, ["acct-2"], {}, T0))
    campaign = one(a_find(joined=("c2",)), old, by=by)
    assert (campaign.id, campaign.joined, campaign.merged) == ("c1", ("c2",), ())
    assert campaign.members == ("acct-1", "acct-3", "acct-4")
    assert campaign.odometer == Odometer(40, 9_000, 0.25)
    assert [link.kind for link in campaign.links] == [LinkKind.SKELETON]
    seen = campaigns.corrected(a_find(joined=("c2",)).flag, Standing(by))
    assert seen is not None
    assert seen.members == campaign.members


def test_a_split_of_a_campaign_that_is_part_of_another_stays_apart() -> None:
    """Its accounts are in neither of the two; what a reviewer merged elsewhere is there."""
    old = a_find("c2", ("acct-1", "acct-2", "acct-8"))
    by = held(campaigns.split(one(old), ["acct-1"], {}, T0))
    found = {campaign.members for campaign in shown([a_find(joined=("c2",)), old], by)}
    assert found == {("acct-2", "acct-3", "acct-4"), ("acct-1",)}
    by = held(Correction(id="c2", created=T0, into="c3"))
    third = a_find("c3", ("acct-9",))
    made = {campaign.id: campaign for campaign in shown([a_find(joined=("c2",)), old, third], by)}
    assert made["c3"].merged == ("c2",)
    assert made.keys() == {"c1", "c3"}


def test_who_was_taken_out_under_an_old_id_can_be_let_in_again() -> None:
    """Under the id that stays, together with those that were taken out under that; also long after the old flags."""
    old = a_find("c2", ("acct-1", "acct-2"))
    by = held(
        Correction(id="c2", created=T0, excluded=("acct-1", "acct-2")),
        Correction(id="c1", created=T0, excluded=("acct-4",)),
    )
    for found in ([a_find(joined=("c2",)), old], [a_find(joined=("c2",))]):
        campaign = one(*found, by=by)
        assert (campaign.members, campaign.joined) == (("acct-3",), ("c2",))
        assert campaign.excluded == ("acct-1", "acct-2", "acct-4")
        made = held(*campaigns.included(campaign, ["acct-2", "acct-4"], by, T0))
        assert {name: (c.version, c.excluded) for name, c in made.items()} == {"c1": (2, ()), "c2": (2, ("acct-1",))}
        after = one(*found, by=by | made)
        assert (after.members, after.excluded) == (("acct-2", "acct-3", "acct-4"), ("acct-1",))
        seen = campaigns.corrected(found[0].flag, Standing.of([found[0].flag], by | made))
        assert seen is not None
        assert seen.members == after.members


def test_who_was_taken_out_of_a_campaign_that_was_merged_can_be_let_in_again() -> None:
    """Under the id of the one that it is part of."""
    finds = [a_find(), a_find("c2", ("acct-8", "acct-9"))]
    by = held(Correction(id="c2", created=T0, into="c1", excluded=("acct-8",)))
    campaign = one(*finds, by=by)
    assert campaign.excluded == ("acct-8",)
    by |= held(*campaigns.included(campaign, ["acct-8"], by, T0))
    assert one(*finds, by=by).members == (*NAMES, "acct-8", "acct-9")


@pytest.mark.parametrize(("part", "into"), [("c2", "c1"), ("c1", "c2")])
def test_what_a_reviewer_merged_may_be_seen_to_be_one_later(part: str, into: str) -> None:
    """It stays under the id that the reviewer chose; what was corrected holds, and nothing is counted twice."""
    old = a_find("c2", ("acct-1", "acct-2"))
    by = held(
        Correction(id=part, created=T0, into=into, excluded=("acct-1",)),
        Correction(id=into, created=T0, excluded=("acct-4",)),
    )
    campaign = one(a_find(joined=("c2",)), old, by=by)
    assert (campaign.id, campaign.members) == (into, ("acct-2", "acct-3"))
    assert campaign.excluded == ("acct-1", "acct-4")
    assert campaign.odometer == Odometer(40, 9_000, 0.25)
    seen = campaigns.corrected(a_find(joined=("c2",)).flag, Standing.of([a_find(joined=("c2",)).flag], by))
    assert seen is not None
    assert (seen.entity.value, seen.members) == (into, campaign.members)


def test_corrections_of_a_campaign_that_goes_on_under_another_id_go_on() -> None:
    """What was merged into it is part of the other; what was split off and merged back is not away."""
    whole, old, third = a_find(joined=("c2",)), a_find("c2", ("acct-1", "acct-2")), a_find("c3", ("acct-9",))
    by = held(Correction(id="c3", created=T0, into="c2"))
    (before,) = [campaign for campaign in shown([old, third], by) if campaign.id == "c2"]
    by |= held(campaigns.split(before, ["acct-1"], by, T0))
    apart = {campaign.id: campaign for campaign in shown([old, third], by)}
    (name,) = apart.keys() - {"c2"}
    by |= held(campaigns.merged(apart[name], apart["c2"], by, T0))
    campaign = one(whole, old, third, by=by)
    assert (campaign.id, campaign.members) == ("c1", (*NAMES, "acct-9"))
    standing = Standing.of([whole.flag, old.flag, third.flag], by)
    seen = [campaigns.corrected(found.flag, standing) for found in (whole, third)]
    assert [(flag.entity.value, flag.members) for flag in seen if flag] == [("c1", NAMES), ("c1", ("acct-9",))]


def test_what_was_decided_about_one_is_not_widened_to_the_other() -> None:
    """Each can still be had as it was flagged last."""
    old = a_find("c2", ("acct-1", "acct-2"))
    members = {campaign.id: campaign.members for campaign in shown([a_find(joined=("c2",)), old], {}, apart=True)}
    assert members == {"c1": NAMES, "c2": ("acct-1", "acct-2")}


def test_campaigns_cannot_be_merged_in_a_ring() -> None:
    """The second merge finds that they are one already."""
    finds = [a_find(), a_find("c2", ("acct-8", "acct-9"))]
    first, second = shown(finds, {})
    by = held(campaigns.merged(second, first, {}, T0))
    campaign = one(*finds, by=by)
    with pytest.raises(Unfit, match="one campaign already"):
        campaigns.merged(campaign, one(*finds, by=by), by, T0)


def test_split_accounts_are_a_campaign_of_their_own() -> None:
    """Whatever is found later; what they took was not counted apart, and they can be corrected too."""
    by = held(campaigns.split(one(a_find()), ["acct-3", "acct-4"], {}, T0))
    parts = {campaign.members: campaign for campaign in shown([a_find(members=(*NAMES, "acct-5"))], by)}
    apart = parts["acct-3", "acct-4"]
    assert set(parts) == {("acct-1", "acct-2", "acct-5"), ("acct-3", "acct-4")}
    assert (apart.split_from, apart.odometer, apart.pace) == ("c1", None, None)
    by |= held(campaigns.excluded(apart, ["acct-4"], by, T0))
    assert [campaign.members for campaign in shown([a_find()], by) if campaign.id == apart.id] == [("acct-3",)]


def test_a_split_can_be_merged_back() -> None:
    """Then nothing is apart."""
    by = held(campaigns.split(one(a_find()), ["acct-3"], {}, T0))
    campaign = {c.id: c for c in shown([a_find()], by)}
    (apart,) = set(campaign) - {"c1"}
    by |= held(campaigns.merged(campaign[apart], campaign["c1"], by, T0))
    assert one(a_find(), by=by).members == NAMES


def test_only_members_can_leave_and_one_must_stay() -> None:
    """The message says who or why."""
    campaign = one(a_find())
    with pytest.raises(Unfit, match="'acct-9' is no member"):
        campaigns.excluded(campaign, ["acct-9"], {}, T0)
    with pytest.raises(Unfit, match="nobody would be left"):
        campaigns.split(campaign, NAMES, {}, T0)
    with pytest.raises(Unfit, match="'acct-1' was not taken out"):
        campaigns.included(campaign, ["acct-1"], {}, T0)


def test_flags_are_gathered_under_the_correction() -> None:
    """Of the campaign it is part of, about those who are left; about nobody where all are out."""
    flag = a_find("c2").flag
    by = held(Correction(id="c2", created=T0, into="c1"), Correction(id="c1", created=T0, excluded=NAMES[:1]))
    seen = campaigns.corrected(flag, Standing(by))
    assert seen is not None
    assert (seen.id, seen.entity.value, seen.members) == (flag.id, "c1", NAMES[1:])
    assert campaigns.corrected(flag, Standing(held(Correction(id="c2", created=T0, excluded=NAMES)))) is None
    assert campaigns.corrected(a_flag(), Standing(by)) == a_flag()


@pytest.mark.parametrize(
    ("hours", "heirs"),
    [
        pytest.param(71, ("acct-3",), id="within"),
        pytest.param(73, (), id="too-late"),
        pytest.param(-1, (), id="before"),
    ],
)
def test_who_comes_after_a_block_is_a_successor(hours: int, heirs: tuple[str, ...]) -> None:
    """Within 72 hours of the block; with the strength of the content that it took up."""
    members = [Member("acct-1", 10, T0 - HOUR, T0), Member("acct-3", 4, T0 + hours * HOUR, T0 + hours * HOUR)]
    link = campaigns.succession(one(a_find()), members, {"acct-1": T0})
    assert (link.accounts if link else ()) == heirs
    if link:
        assert (link.kind, link.benign, link.n) == (LinkKind.SUCCESSION, 0.0004, 2_500)
        assert "1 account first seen within 72 hours after 1 account of the campaign was blocked" in link.evidence
