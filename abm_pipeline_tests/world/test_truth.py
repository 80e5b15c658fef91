"""What the pipeline publishes equals what is true in the sandbox's world, worked out by a few lines of pandas.

The lines here share no code with the pipeline: they read the world's own tables, never a vendor's API.
"""

from __future__ import annotations

import pandas as pd
import pytest

from abm_pipeline.sandbox.world import World
from abm_pipeline_tests.world.conftest import UNTIL, WINDOW, Ran

DAY = pd.Timestamp(UNTIL)
ENGAGEMENTS = {
    *("email_reply", "call_connected", "meeting", "event_attended", "webinar_attended"),
    *("content_download", "form_fill", "ad_click", "ad_engagement", "email_click", "email_forward", "meeting_booked"),
    *("event_registered", "webinar_registered", "page_view", "web_visit", "social_engagement", "chat"),
    "direct_mail_response",
}
FAILED = {"email_bounce", "email_unsubscribe", "email_spam_report"}


def listed(world: World) -> pd.DataFrame:
    """Stays on the target list, with their days as timestamps."""
    stays = world.truth["tier"].query("is_target")
    return stays.assign(valid_from=pd.to_datetime(stays.valid_from), valid_to=pd.to_datetime(stays.valid_to))


def at(stays: pd.DataFrame, day: pd.Timestamp | pd.Series) -> pd.DataFrame:
    """The stays that hold at the end of the day."""
    return stays[(stays.valid_from <= day) & (stays.valid_to.isna() | (stays.valid_to > day))]


def recent_touches(world: World) -> pd.DataFrame:
    """Touches and exposures of the last ninety days; what did not reach anybody is none."""
    touch = world.truth["touch"]
    touch = touch[~touch.touch_type.isin(FAILED)]
    return touch[touch.occurred_at.dt.tz_localize(None) >= DAY - WINDOW + pd.Timedelta(days=1)]


def sound_deals(world: World) -> pd.DataFrame:
    """Deals that were neither deleted nor dated closed before they were created, and whose currency exists.

    A copy in another system is not a deal of its own.
    """
    deal = world.truth["deal"].query("not is_deleted and currency != 'XTS' and same_as.isna()")
    deal = deal.assign(
        closed=pd.to_datetime(deal.closed_day), opened=deal.created_at.dt.tz_localize(None).dt.floor("D")
    )
    return deal[deal.closed.isna() | (deal.closed >= deal.opened)]


def by_program(world: World, deals: pd.DataFrame) -> dict[tuple[str, str], pd.DataFrame]:
    """All deals, and those of each program and tier by what held when the deal was created."""
    stays = deals.reset_index().merge(listed(world), on="company_id", how="left")
    tier = at(stays, stays.opened).set_index("index").tier
    out = {("all", "all"): deals, ("program", "abm"): deals.loc[tier.index]}
    out["program", "non_abm"] = deals.drop(tier.index)
    return out | {("tier", name): deals.loc[tier[tier == name].index] for name in tier.unique()}


def test_coverage(ran: Ran) -> None:
    """Listed companies with any touch or exposure in ninety days ÷ listed companies, in all and by tier."""
    world, published = ran.world, ran.published
    now = at(listed(world), DAY)
    covered = now.company_id.isin(recent_touches(world).company_id)

    for (dimension, value), part in {("all", "all"): now, **{("tier", t): g for t, g in now.groupby("tier")}}.items():
        row = published["coverage", dimension, value]
        assert (covered[part.index].sum(), len(part)) == (row.numerator, row.denominator)


def test_penetration(ran: Ran) -> None:
    """Humans of listed companies with an engagement in ninety days, each once however many records they have."""
    world, published = ran.world, ran.published
    people, touch = world.truth["contact"], recent_touches(world)
    engaged = touch[touch.touch_type.isin(ENGAGEMENTS)].merge(
        people[["source", "contact_id", "person"]], on=["source", "contact_id"]
    )
    engaged = engaged[engaged.company_id.isin(at(listed(world), DAY).company_id)]

    humans = engaged.drop_duplicates(["company_id", "person"])
    # Two humans who share an address are one person to any key; the demo world has a handful.
    assert published["penetration_low", "all", "all"].numerator == pytest.approx(len(humans), rel=0.005)


def test_intent_coverage(ran: Ran) -> None:
    """Listed companies in the newest week's surges at Bombora ÷ listed companies."""
    world, published = ran.world, ran.published
    intent, now = world.truth["intent"], at(listed(world), DAY)
    surging = set(intent[intent.week == intent.week.max()].company_id)

    row = published["intent_coverage", "provider", "bombora"]
    assert (now.company_id.isin(surging).sum(), len(now)) == (row.numerator, row.denominator)


def test_win_rate_and_deal_size(ran: Ran) -> None:
    """Won ÷ closed in ninety days, and the mean of won amounts in dollars, by program and tier at creation."""
    world, published = ran.world, ran.published
    deals = sound_deals(world)
    closed = deals[deals.is_closed & (deals.closed > DAY - WINDOW) & (deals.closed <= DAY)]

    for (dimension, value), part in by_program(world, closed).items():
        rate = published["win_rate", dimension, value]
        assert (part.is_won.sum(), len(part)) == (rate.numerator, rate.denominator)
        won = part[part.is_won]
        if len(won):
            size = published["deal_size", dimension, value]
            assert size.n == len(won)
            assert size.value == pytest.approx(won.amount_usd.mean(), abs=0.01)


def test_pipeline_velocity(ran: Ran) -> None:
    """Open deals × mean won amount × win rate ÷ mean days from created to won."""
    world, published = ran.world, ran.published
    deals = sound_deals(world)
    closed = deals[deals.is_closed & (deals.closed > DAY - WINDOW) & (deals.closed <= DAY)]
    segments, opened = by_program(world, closed), by_program(world, deals[~deals.is_closed])

    for program in (("all", "all"), ("program", "abm"), ("program", "non_abm")):
        won = segments[program][segments[program].is_won]
        cycle = (won.closed - won.opened).dt.days.mean()
        velocity = len(opened[program]) * won.amount_usd.mean() * len(won) / len(segments[program]) / cycle
        assert published["pipeline_velocity", *program].value == pytest.approx(velocity, rel=1e-6)


def test_planted_lifts_are_found(ran: Ran) -> None:
    """In the demo the listed accounts win more and larger deals: planted are 0.38 against 0.22, and sizes 2.3 to 1.

    A quarter has some two hundred deals, so what is published may miss the plan by chance.
    """
    world, published = ran.world, ran.published
    if len(world.companies) < 1000:
        pytest.skip("the tiny world has too few deals to show a lift")
    abm, other = (published["win_rate", "program", name] for name in ("abm", "non_abm"))
    planted = world.truth["planted"].set_index("name").value

    assert abm.ci_low <= planted["win_rate_listed"] <= abm.ci_high
    assert other.ci_high < abm.value
    assert published["deal_size_ratio", "all", "all"].value == pytest.approx(planted["deal_size_ratio"], rel=1 / 3)


def test_the_demo_is_believable(ran: Ran) -> None:
    """The rates of the demo's list are such as programmes report."""
    if len(ran.world.companies) < 1000:
        pytest.skip("the tiny world is packed with everything that can happen")
    believable = {
        "coverage": (0.6, 0.8),
        "penetration_low": (0.25, 0.6),
        "penetration_high": (0.25, 0.6),
        "account_penetration": (0.2, 0.45),
        "intent_coverage": (0.15, 0.35),
    }
    for metric, (low, high) in believable.items():
        assert low <= ran.published[metric, "all", "all"].value <= high, metric
