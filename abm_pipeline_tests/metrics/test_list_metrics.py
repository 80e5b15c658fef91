"""Metrics of the target list: hand-worked tables and the worked numbers of the catalogue."""

from __future__ import annotations

from pathlib import Path

import pytest

from abm_pipeline.contracts import tables as T
from abm_pipeline_tests.metrics.world import World, day
from abm_pipeline_tests.metrics.world_pipeline import contact

VALUES = (T.METRIC_VALUES, T.ACCOUNT_METRICS_DAILY)


def hundred(world: World, accounts: int = 100) -> list[str]:
    """So many accounts in one tier."""
    return [world.account(f"a{i:03}.com", "one_to_many") for i in range(accounts)]


def test_coverage_of_the_catalogue(world: World) -> None:
    """100 target accounts, 40 with a touch in 90 days: 40 %. An account off the list changes nothing."""
    for account in hundred(world)[:40]:
        world.touch(account, "05-01")
    world.touch(world.account("stranger.com"), "05-01")
    world.refresh(tables=VALUES)

    assert (40, 100, 0.4) == world.parts("coverage", window_days=90)
    assert "below" == world.cell("coverage", "tier", "one_to_many", window_days=90)["status"]


def test_intent_coverage_of_the_catalogue(world: World) -> None:
    """200 target accounts, 40 surging: 20 %, within 15 to 30 %. Two topics of one account count once."""
    accounts = hundred(world, 200)
    for account in accounts[:40]:
        world.intent(account, "06-20", "crm software")
        world.intent(account, "06-20", "analytics")
    world.intent(accounts[50], "06-20", is_surging=False)
    world.refresh(tables=VALUES)

    assert (40, 200, 0.2) == world.parts("intent_coverage")
    assert "within" == world.cell("intent_coverage")["status"]


def test_coverage_by_window_tier_and_channel(world: World) -> None:
    """Three accounts on 30 June.

    a.com (1:1): an e-mail sent on 2 May (day 60 back, the first of the 60-day window): covered in both windows; and a
    visit of our site.
    b.com (1:1): an impression on 1 May: only in 90 days.
    c.com (1:few): a meeting on 1 April (day 91 back): in none.
    So 60 d 1/3; 90 d 2/3; 1:1 2/2 in 90 d and 1/2 in 60 d (below 90 %); by e-mail 1/3, by web 1/3, by ads 1/3, by
    meeting 0/3.
    """
    world.touch("a.com", "06-01", "web_visit")
    world.touch(world.account("a.com", "one_to_one"), "05-02", "email_sent")
    world.touch(world.account("b.com", "one_to_one"), "05-01", "ad_impression")
    world.touch(world.account("c.com", "one_to_few"), "04-01")
    world.refresh(tables=VALUES)

    assert (1, 3) == world.parts("coverage", window_days=60)[:2]
    assert (2, 3) == world.parts("coverage", window_days=90)[:2]
    assert (2, 2) == world.parts("coverage", "tier", "one_to_one", window_days=90)[:2]
    assert (1, 2) == world.parts("coverage", "tier", "one_to_one", window_days=60)[:2]
    assert "below" == world.cell("coverage", "tier", "one_to_one", window_days=60)["status"]
    channels = ("email", "web", "ads", "meeting")
    by_channel = {c: world.parts("coverage", "channel", c, window_days=90)[0] for c in channels}
    assert {"email": 1, "web": 1, "ads": 1, "meeting": 0} == by_channel


def test_first_and_last_day_of_the_window(world: World) -> None:
    """A window of 90 days to 30 June begins on 2 April: a touch then counts on 30 June and no more on 1 July."""
    world.touch(world.account("a.com", "one_to_one"), "04-02")
    world.refresh(day("06-30"), day("07-01"), tables=VALUES)

    assert 1 == world.parts("coverage", window_days=90)[0]
    assert 0 == world.parts("coverage", window_days=90, as_of=day("07-01"))[0]


def test_a_tier_move_is_not_counted_twice(world: World) -> None:
    """One account moves from 1:few to 1:1 on 15 June: on the 14th it is one of 1:few, on the 15th one of 1:1."""
    world.account("a.com")
    world.tier("a.com", "one_to_few", "2026-01-01", "2026-06-15")
    world.tier("a.com", "one_to_one", "2026-06-15")
    world.refresh(day("06-14"), day("06-15"), tables=VALUES)

    for as_of, tier in ((day("06-14"), "one_to_few"), (day("06-15"), "one_to_one")):
        rows = world.read(T.METRIC_VALUES, f"metric = 'target_accounts' AND dimension = 'tier' AND as_of = '{as_of}'")
        assert [(tier, 1.0)] == [(row["dimension_value"], row["value"]) for row in rows]


def test_the_list_before_it_began(world: World) -> None:
    """Listed from 15 June on: on the 14th the list is empty, whatever today's row says."""
    world.account("a.com", "one_to_one", since="2026-06-15")
    world.refresh(day("06-14"), tables=VALUES)

    assert 0 == world.cell("target_accounts", as_of=day("06-14"))["value"]
    assert (0, 0, None) == world.parts("coverage", window_days=90, as_of=day("06-14"))


def test_why_an_account_is_not_covered(world: World) -> None:
    """Ads ran on LinkedIn. Four uncovered accounts and their reasons, in the order in which they are asked; and an
    account that is covered has none."""
    world.spend("06-01")
    world.account("no domain", "one_to_one", domain=None)
    for name in ("nobody.com", "unmatched.com", "quiet.com", "seen.com"):
        world.account(name, "one_to_one")
        if name != "nobody.com":
            world.person(f"p@{name}", name)
    world.member("quiet.com", "linkedin", "1")
    world.touch("seen.com", "06-01", "email_sent")
    world.refresh(tables=VALUES)

    rows = world.read(T.ACCOUNT_METRICS_DAILY)
    expected = {
        "no domain": "no_domain",
        "nobody.com": "no_contacts",
        "unmatched.com": "not_matched_on_platform",
        "quiet.com": "below_privacy_threshold",
        "seen.com": None,
    }
    assert expected == {row["account_id"]: row["uncovered_reason"] for row in rows}


def test_no_ads_at_all_is_no_budget(world: World) -> None:
    """A domain, a contact, and no ads in 90 days: nobody paid to reach it."""
    world.person("p", world.account("a.com", "one_to_one"))
    world.spend("03-01")
    world.refresh(tables=VALUES)

    assert "no_budget" == world.account_row("a.com")["uncovered_reason"]


def test_penetration_is_pooled_and_has_two_bounds(world: World) -> None:
    """Two accounts of one tier.

    small.com (100 employees: 4 to 6 people): Ann met us twice, Bob once, Cem only got e-mails: 2 engaged.
    large.com (2 000 employees: 8 to 10): nobody.
    At least (2 + 0) ÷ (6 + 10) = 0.125, at most 2 ÷ (4 + 8) = 0.1667; not the mean of 2/6 and 0.
    """
    world.account("small.com", "one_to_one")
    world.account("large.com", "one_to_one", employee_count=2000)
    for person in ("ann", "bob", "cem"):
        world.person(person, "small.com")
    for person, kind in (("ann", "meeting"), ("ann", "email_reply"), ("bob", "form_fill"), ("cem", "email_sent")):
        world.touch("small.com", "06-01", kind, person)
    world.refresh(tables=VALUES)

    assert (2, 16, 0.125) == world.parts("penetration_low")
    assert (2, 12, 2 / 12) == world.parts("penetration_high")
    assert (2, 16, 0.125) == world.parts("penetration_low", "tier", "one_to_one")
    row = world.account_row("small.com")
    assert (2, 4, 6, 2 / 6, 2 / 4) == tuple(
        row[c] for c in ("contacts_engaged", "committee_low", "committee_high", "penetration_low", "penetration_high")
    )


def test_a_mapped_committee_has_one_size(world: World) -> None:
    """A mapped committee of 5, one engaged: 1 ÷ 5 at least and at most."""
    world.account("a.com", "one_to_one", committee_size=5)
    world.touch("a.com", "06-01", "meeting", "ann")
    world.person("ann", "a.com")
    world.refresh(tables=VALUES)

    assert (1, 5, 0.2) == world.parts("penetration_low") == world.parts("penetration_high")


def test_a_person_with_two_records_counts_once(world: World) -> None:
    """Ann was a lead from 1 March and became a contact on 1 June; Bob's twin was merged into him; Cem is deleted,
    nobody knows since when; Dan was deleted on 15 June.

    30 June: Ann (as lead in May, as contact in June) and Bob (as twin) engaged; who has no record, as a browser nobody
    has signed in with, is no person: 2, of 6 at most. Known: Ann since March, Bob: 2. On 31 May only Ann, as lead, has
    engaged: 1; known are 3, Dan with them.
    """
    world.account("a.com", "one_to_one")
    world.person("ann", "a.com", "champion", known="06-01")
    world.person("lead", "a.com", person_id="crm:ann", person_type="lead", known="03-01")
    world.person("bob", "a.com", known="04-01")
    world.person("twin", "a.com", person_id="crm:bob", is_deleted=True, known="04-15")
    world.person("cem", "a.com", is_deleted=True)
    world.person("dan", "a.com", is_deleted=True, known="04-10")
    contact(world, "crm", "dan", "04-10", "hash")
    contact(world, "crm", "dan", "06-15", "hash", is_deleted=True)
    for when, person in (("05-10", "lead"), ("06-10", "ann"), ("06-10", "twin"), ("06-11", "nobody")):
        world.touch("a.com", when, person=person)
    days = [day(text) for text in ("02-28", "03-31", "05-31", "06-30")]
    world.refresh(*days, tables=VALUES)

    rows = [world.account_row("a.com", as_of) for as_of in days]
    assert [(0, 0), (1, 0), (3, 1), (2, 2)] == [(row["contacts_known"], row["contacts_engaged"]) for row in rows]
    assert (2, 6, 2 / 6) == world.parts("penetration_low")


def test_role_gaps(world: World) -> None:
    """A champion is engaged, a decision maker was only rung and not reached: three roles are missing."""
    world.account("a.com", "one_to_one")
    world.person("ann", "a.com", "champion")
    world.person("bob", "a.com", "decision_maker")
    world.touch("a.com", "06-01", "meeting", "ann")
    world.touch("a.com", "06-01", "call", "bob")
    world.refresh(tables=VALUES)

    assert "decision_maker,influencer,user" == world.account_row("a.com")["role_gaps"]


def test_a_contact_leaves_the_window_and_comes_back(world: World) -> None:
    """Ann met us on 1 January and 1 May: engaged to 31 March, not in April, engaged again from 1 May to 29 July."""
    world.account("a.com", "one_to_one")
    world.person("ann", "a.com")
    world.touch("a.com", "01-01", person="ann")
    world.touch("a.com", "05-01", person="ann")
    days = [day(text) for text in ("03-31", "04-01", "04-30", "05-01", "07-29", "07-30")]
    world.refresh(*days, tables=VALUES)

    assert [1, 0, 0, 1, 1, 0] == [world.account_row("a.com", as_of)["contacts_engaged"] for as_of in days]


def test_impressions_are_not_engagement(world: World) -> None:
    """An account with impressions and e-mails only is covered and aware, and engages nobody."""
    world.person("ann", world.account("a.com", "one_to_one"))
    world.touch("a.com", "06-01", "ad_impression")
    world.touch("a.com", "06-01", "email_sent", "ann")
    world.refresh(tables=VALUES)

    row = world.account_row("a.com")
    assert (True, 0, "aware") == (row["is_covered"], row["contacts_engaged"], row["stage"])


def test_account_penetration_is_the_right_way_up(world: World) -> None:
    """Of four target accounts one is engaged (score 20, the threshold): 1 ÷ 4, not 4 ÷ 1. An engaged account off the
    list counts as engaged and not here."""
    for account, score in zip(hundred(world, 4), (20, 19.9, 5, 0), strict=True):
        world.score(account, "06-30", score)
    world.score(world.account("stranger.com"), "06-30", 50)
    world.refresh(tables=VALUES)

    assert (1, 4, 0.25) == world.parts("account_penetration", window_days=90)
    assert 2 == world.cell("engaged_accounts", window_days=90)["value"]
    assert 1 == world.cell("engaged_accounts", "program", "abm", window_days=90)["value"]


def test_quintiles_keep_ties_together(world: World) -> None:
    """Five target accounts with scores 9, 7, 7, 0, 0, hence percentiles 1, 0.8, 0.8, 0.4, 0.4 (share not above).

    The first is in quintile 5, the two of 0.8 in 4, and those without a score are the lowest.
    """
    for account, (score, percentile) in zip(
        hundred(world, 5), ((9, 1.0), (7, 0.8), (7, 0.8), (0, 0.4), (0, 0.4)), strict=True
    ):
        world.score(account, "06-30", score, percentile)
    world.refresh(tables=VALUES)

    rows = world.read(T.METRIC_VALUES, "metric = 'target_accounts' AND dimension = 'engagement_quintile'")
    assert {"5": 1, "4": 2, "1": 2} == {row["dimension_value"]: row["value"] for row in rows}


def test_one_account_stage_per_day(world: World) -> None:
    """Six target accounts, one in each stage on 30 June: 1/6 each, together 1; four of six are engaged or further.

    customer: won in 2025 and a new deal open; opportunity: open deal; qualified: 60 points and two people;
    engaged: 60 points but one person; aware: an impression; unaware: nothing. On 1 June no deal of these had begun.
    """
    names = ("customer", "opportunity", "qualified", "engaged", "aware", "unaware")
    for name in names:
        world.account(name, "one_to_one")
    world.deal("d1", "customer", "2025-10-01", "2025-12-01", won=True)
    world.deal("d2", "customer", "06-10")
    world.deal("d3", "opportunity", "06-10")
    for name in ("qualified", "engaged"):
        world.score(name, "06-30", 60)
        world.person(f"1@{name}", name)
        world.touch(name, "06-05", person=f"1@{name}")
    world.person("2@qualified", "qualified")
    world.touch("qualified", "06-05", person="2@qualified")
    world.touch("aware", "06-05", "ad_impression")
    world.refresh(day("06-01"), day("06-30"), tables=VALUES)

    assert {name: name for name in names} == {row["account_id"]: row["stage"] for row in world.read(
        T.ACCOUNT_METRICS_DAILY, "day = DATE '2026-06-30'"
    )}  # fmt: skip
    assert [(1, 6)] * 6 == [world.parts("account_stage", "stage", name)[:2] for name in names]
    assert (1, 6, 1 / 6) == world.parts("account_stage", "tier_stage", "one_to_one/qualified")
    assert (4, 6) == world.parts("account_stage")[:2]
    assert "unaware" == world.account_row("opportunity", day("06-01"))["stage"]
    assert "customer" == world.account_row("customer", day("06-01"))["stage"]


def test_a_past_day_has_the_stage_of_then(world: World) -> None:
    """Lost on 20 June: an opportunity on the 19th, although the deal is closed today."""
    world.account("a.com", "one_to_one")
    world.deal("d", "a.com", "06-01", "06-20")
    world.refresh(day("06-19"), day("06-20"), tables=VALUES)

    assert ["opportunity", "unaware"] == [world.account_row("a.com", day(text))["stage"] for text in ("06-19", "06-20")]


def test_intent_by_provider_and_topic(world: World) -> None:
    """Of two accounts a.com surges at Bombora on two topics 29 days ago, b.com 30 days ago: 1/2 (and two topics)."""
    world.account("a.com", "one_to_one")
    world.account("b.com", "one_to_one")
    world.intent("a.com", "06-01", "crm software")
    world.intent("a.com", "06-01", "analytics")
    world.intent("b.com", "05-31")
    world.refresh(tables=VALUES)

    assert (1, 2) == world.parts("intent_coverage")[:2] == world.parts("intent_coverage", "provider", "bombora")[:2]
    assert 2 == world.account_row("a.com")["intent_topics_surging"]


def test_a_touch_belongs_to_the_person_where_the_company_is_unknown(world: World) -> None:
    """Without a company the person's account counts; with a company of no account too; nobody's nowhere."""
    for name in ("a.com", "b.com"):
        world.account(name, "one_to_one")
    world.person("ann", "a.com")
    world.person("bob", "b.com")
    world.touch(None, "06-01", person="ann")
    world.touch("unknown.com", "06-01", person="bob")
    world.touch(None, "06-01", person="nobody")
    world.refresh(tables=VALUES)

    assert (2, 2) == world.parts("coverage", window_days=90)[:2]


@pytest.mark.parametrize(("level", "covered"), [("account", (1, 2)), ("parent", (1, 1))])
def test_subsidiaries_roll_up_to_the_parent(tmp_path: Path, level: str, covered: tuple[int, int]) -> None:
    """A subsidiary on the list as 1:many had a meeting, its listed parent (1:1) none: by account 1 of 2 are covered;
    by parent there is one account, covered, in the higher tier."""
    world = World(tmp_path, f"account_level: {level}\n")
    world.account("top.com", "one_to_one")
    world.account("sub.com", "one_to_many", ultimate_parent_id="top.com")
    world.touch("sub.com", "06-01")
    world.refresh(tables=VALUES)

    assert covered == world.parts("coverage", window_days=90)[:2]
    assert covered[1] - 1 == len(
        world.read(T.METRIC_VALUES, "metric = 'target_accounts' AND dimension_value = 'one_to_many'")
    )
