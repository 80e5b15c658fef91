"""Content, mail, web, social, calls and meetings per channel and account: one hand-worked quarter."""

from __future__ import annotations

from pathlib import Path

import pytest

from abm_pipeline.contracts import tables as T
from abm_pipeline.metrics._setup import champion
from abm_pipeline_tests.metrics.world import World, day

VALUES = (T.METRIC_VALUES, T.ACCOUNT_METRICS_DAILY)


def read_content(world: World) -> None:
    """deep.com reads a blog twice and goes deeper, blogs.com reads blogs; met.com reads nothing."""
    blog = {"content_id": "blog 1", "content_type": "blog", "funnel_stage": "top"}
    case = {"content_id": "case 1", "content_type": "case_study", "funnel_stage": "mid", "campaign_id": "crm:c"}
    world.touch("deep.com", "06-01", "content_download", "p1", **blog)
    world.touch("deep.com", "06-02", "content_download", "p2", **blog)
    world.touch("deep.com", "06-03", "content_download", "p1", **case)
    world.touch(
        "deep.com", "06-04", "webinar_attended", "p1", content_id="w", content_type="webinar", funnel_stage="mid"
    )
    world.touch("blogs.com", "04-01", "content_download", **case)
    for i, when in enumerate(("05-10", "05-20", "06-01", "06-02", "06-03"), start=1):
        world.touch("blogs.com", when, "content_download", **{**blog, "content_id": f"blog {i}"})
    row = {"source": "crm", "campaign_id": "crm:c", "campaign_name": "c", "personalisation": "industry"}
    world.rows["facts.campaign"].append(row)
    for part, points in (("content_download", 12.5), ("webinar_attended", 10.0), ("meeting", 40.0)):
        known = {"day": day("06-30"), "account_id": "deep.com", "window_days": 90, "part": part, "points": points}
        world.rows["scoring.score_part"].append(
            {**known, "model_version": champion(world.settings).model_version, "touches": 1}
        )


def send_mail(world: World) -> None:
    """A mailer that tells all, and a CRM that knows of sent mails alone."""
    for when, mails in (("04-01", 5), ("04-02", 2), ("06-05", 10)):
        for _ in range(mails):
            world.touch("met.com", when, "email_sent", "champion", source="mailer", campaign_id="mailer:1")
    for _ in range(20):
        world.touch("met.com", "06-05", "email_sent", "champion")
    for who in ("champion", "champion", "user"):
        world.touch("met.com", "06-06", "email_open", who, source="mailer", campaign_id="mailer:1")
    for kind in ("email_click", "email_reply", "email_forward", "email_bounce"):
        world.touch("met.com", "06-06", kind, "user", source="mailer", campaign_id="mailer:1")


def meet_and_call(world: World) -> None:
    """Meetings, calls, letters, likes and pages."""
    for who, source in (("champion", "crm"), ("second champion", "calendar"), ("decides", "calendar")):
        world.touch("met.com", "06-10", "meeting", who, hour=10, source=source, content_id="calendar", outcome="held")
    world.touch("met.com", "06-11", "meeting_no_show", "champion", hour=10)
    world.touch("met.com", "06-12", "meeting", "user", hour=9, outcome="held_-_next_step")
    world.touch("met.com", "05-15", "meeting")
    for _ in range(3):
        world.touch("met.com", "06-10", "call", "user")
    world.touch("met.com", "06-10", "call_connected", "user")
    for _ in range(4):
        world.touch("met.com", "06-10", "direct_mail")
    world.touch("met.com", "06-20", "direct_mail_response")
    for outcome in ("like", "comment"):
        world.touch("met.com", "06-10", "social_engagement", outcome=outcome)
    world.touch("met.com", "06-10", "ad_engagement", weight_count=3.0)
    world.touch("met.com", "06-10", "ad_impression", weight_count=100.0)
    world.touch("deep.com", "06-10", "event_attended", "p1")
    for _ in range(2):
        world.touch("deep.com", "06-10", "page_view", source="web")
    world.touch("deep.com", "06-10", "web_visit", source="web", duration_seconds=40.0)
    world.touch("deep.com", "06-10", "web_visit", source="analytics", duration_seconds=500.0)
    for kind in ("meeting", "content_download", "email_open", "call_connected", "page_view"):
        world.touch("stranger.com", "06-10", kind)


@pytest.fixture(scope="module")
def quarter(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Three engaged target accounts and a stranger; met.com moves from 1:few to 1:many on 5 June."""
    world = World(tmp_path_factory.mktemp("quarter"))
    world.account("deep.com", "one_to_one")
    world.account("blogs.com", "one_to_one")
    world.account("met.com")
    world.tier("met.com", "one_to_few", "2025-01-01", "06-05")
    world.tier("met.com", "one_to_many", "06-05")
    world.account("stranger.com")
    for name in ("deep.com", "blogs.com", "met.com", "stranger.com"):
        world.score(name, "06-30", 40, 0.9)
    for name in ("p1", "p2"):
        world.person(name, "deep.com")
    roles = {"champion": "champion", "second champion": "champion", "decides": "decision_maker", "user": "user"}
    for name, role in roles.items():
        world.person(name, "met.com", role)
    read_content(world)
    send_mail(world)
    meet_and_call(world)
    world.refresh(tables=VALUES)
    return world


def test_depth_of_content(quarter: World) -> None:
    """In the 90 days to 30 June (from 2 April; blogs.com's case study of 1 April is out):

    deep:  blog 1 (twice, one piece), case 1, a webinar: 3 pieces, 3 types, mid; points 12.5 + 10.
    blogs: blogs 1 to 5: 5 pieces, 1 type, top: stuck. met: a meeting's calendar entry is no content: nothing.

    Three types 1 ÷ 3; pieces 8 ÷ 3; points 22.5 ÷ 3; stuck 1 of the 2 that read; no mid or bottom 2 ÷ 3.
    """
    assert (1, 3) == quarter.parts("content_depth")[:2]
    assert (8, 3) == quarter.parts("content_pieces")[:2]
    assert (22.5, 3, 7.5) == quarter.parts("content_points")
    assert (1, 2, 0.5) == quarter.parts("stuck_at_awareness")
    assert (2, 3) == quarter.parts("content_gap")[:2]
    columns = ("content_pieces", "content_types", "content_stage", "is_stuck_at_awareness", "content_points")
    expected = {
        "deep.com": (3, 3, "mid", False, 22.5),
        "blogs.com": (5, 1, "top", True, 0.0),
        "met.com": (0, 0, None, False, 0.0),
    }
    assert expected == {name: tuple(quarter.account_row(name)[c] for c in columns) for name in expected}


def test_what_is_consumed(quarter: World) -> None:
    """90 days: 7 blogs read, 2 deeper: 2 ÷ 9; 1 of 9 made for the industry, by its campaign. 30 days: 5 and 2."""
    assert (2, 9) == quarter.parts("content_consumption", window_days=90)[:2]
    assert (7, 9) == quarter.parts("content_consumption", "funnel_stage", "top", window_days=90)[:2]
    assert (1, 9) == quarter.parts("content_consumption", "personalisation", "industry", window_days=90)[:2]
    assert (2, 7) == quarter.parts("content_consumption", window_days=30)[:2]


def test_mail_rates(quarter: World) -> None:
    """Mailer, 30 days: 10 delivered, 1 bounced (not in the 10), 2 opened (one of them twice), 1 clicked, 1 answered, 1
    forwarded. The CRM's 20 mails are in no rate: it tells of no opens, answers or bounces. 90 days begin on 2 April:
    2 mails more, not 7."""
    expected = {
        "email_open_rate": (2, 10),
        "email_click_to_open_rate": (1, 2),
        "email_response_rate": (1, 10),
        "email_forward_rate": (1, 10),
        "email_bounce_rate": (1, 11),
    }
    assert expected == {name: quarter.parts(name, window_days=30)[:2] for name in expected}
    assert (2, 12) == quarter.parts("email_open_rate", window_days=90)[:2]


def test_web_social_and_letters(quarter: World) -> None:
    """Two pages in a visit of 40 s: 20 s a page; the visit of a system that tells of no pages is left out. 4 letters, 1
    answer; a like, a comment and 3 reactions to an ad; a fair and a webinar; 3 + 5 downloads, two of them in May."""
    values = {
        name: quarter.cell(name, window_days=90)["value"]
        for name in ("page_views", "time_on_page", "direct_mail_responses", "social_engagement", "events_attended")
    }
    expected = {
        "page_views": 2,
        "time_on_page": 20,
        "direct_mail_responses": 1,
        "social_engagement": 5,
        "events_attended": 2,
    }
    assert expected == values
    assert (1, 4, 0.25) == quarter.parts("direct_mail_response_rate", window_days=90)
    assert 3 == quarter.cell("social_engagement", "reaction", "on_ads", window_days=90)["value"]
    assert [6, 8] == [quarter.cell("downloads", window_days=window)["value"] for window in (30, 90)]


def test_meetings(quarter: World) -> None:
    """The meeting of 10 June is told three times, by two systems: one, with champions and a decision maker. On the 11th
    nobody came; on the 12th a next step was agreed with a user; in May one with nobody named.

    30 days: 2 held, 1 no-show, 1 next step: held 2 ÷ 3, next step 1 ÷ 2. 90 days: 3 held, of which 1 in 1:few (met.com
    was there in May) and 2 in 1:many. Per account 3 ÷ 3.
    """
    assert [2, 3] == [quarter.cell("meetings", window_days=window)["value"] for window in (30, 90)]
    split = {
        name: quarter.cell("meetings", dimension, name, window_days=30)["value"]
        for dimension, name in (
            ("role", "champion"),
            ("role", "decision_maker"),
            ("role", "other"),
            ("outcome", "held"),
            ("outcome", "no_show"),
            ("outcome", "next_step"),
        )
    }
    assert {"champion": 1, "decision_maker": 1, "other": 1, "held": 2, "no_show": 1, "next_step": 1} == split
    assert (2, 3) == quarter.parts("meeting_held_rate", window_days=30)[:2]
    assert (1, 2) == quarter.parts("meeting_next_step_rate", window_days=30)[:2]
    assert [1, 2] == [
        quarter.cell("meetings", "tier", tier, window_days=90)["value"] for tier in ("one_to_few", "one_to_many")
    ]
    assert (3, 3, 1.0) == quarter.parts("meetings_per_account")
    assert 3 == quarter.account_row("met.com")["meetings_90d"]


def test_calls(quarter: World) -> None:
    """One of four calls is answered: 25 %; 1 ÷ 3 per account."""
    assert 1 == quarter.cell("calls_answered", window_days=30)["value"]
    assert (1, 4, 0.25) == quarter.parts("call_answer_rate", window_days=30)
    assert (1, 3) == quarter.parts("calls_per_account")[:2]


def test_exposures_are_no_engagement(quarter: World) -> None:
    """100 impressions and 30 mails sent count nowhere. ads: 3 reactions; email: a click, an answer, a forward (opens
    have no points); meeting: 4 touches of people who met us, the no-show is none; in all

    4 + 3 content, 1 event, 4 meeting, 1 call, 3 mail, 1 letter, 2 social, 3 ads, 4 web = 26 within 30 days."""
    channels = {
        name: quarter.cell("channel_engagement", "channel", name, window_days=30)["value"]
        for name in ("ads", "email", "meeting", "web", "phone")
    }
    assert {"ads": 3, "email": 3, "meeting": 4, "web": 4, "phone": 1} == channels
    assert 26 == quarter.cell("channel_engagement", window_days=30)["value"]
    assert quarter.cell("channel_engagement", "activity", "ad_impression", window_days=30) is None


def test_a_family_is_one_account(tmp_path: Path) -> None:
    """Numbers by parent: mother (1:1) and daughter (1:many) are one target account, of the higher tier. A meeting with
    the daughter counts once, for the family; so do a contact of each: 2 contacts ÷ 1 account."""
    world = World(tmp_path, "account_level: parent")
    world.account("mother.com", "one_to_one")
    world.account("daughter.com", "one_to_many", ultimate_parent_id="mother.com")
    for name in ("mother.com", "daughter.com"):
        world.person(f"p@{name}", name)
    world.touch("daughter.com", "06-10", "meeting", "p@daughter.com")
    world.refresh(tables=VALUES)

    assert 1 == world.cell("target_accounts")["value"]
    assert (2, 1) == world.parts("contacts_per_account")[:2]
    assert (1, 2) == world.parts("contact_connected_rate")[:2]
    assert (1, 1) == world.parts("meetings_per_account")[:2]
    rows = world.read(T.METRIC_VALUES, "metric = 'meetings' AND window_days = 30 AND dimension IN ('all', 'tier')")
    assert [("all", 1.0), ("one_to_one", 1.0)] == [(row["dimension_value"], row["value"]) for row in rows]


def test_a_visit_and_its_pages_are_not_counted_twice(world: World) -> None:
    """Snowplow tells a visit and its two pages: 2 pieces consumed. Google Analytics tells visits alone: 1. In all 3,
    one of which, the price list, is at the bottom of the funnel."""
    world.account("a.com", "one_to_one")
    for source, kind, page in (
        ("snowplow", "web_visit", "/"), ("snowplow", "page_view", "/"), ("snowplow", "page_view", "/prices"),
        ("ga4", "web_visit", "/"),
    ):  # fmt: skip
        stage = "bottom" if page == "/prices" else "top"
        world.touch("a.com", "06-10", kind, source=source, content_id=page, funnel_stage=stage)
    world.refresh(tables=VALUES)
    assert (1, 3) == world.parts("content_consumption", window_days=30)[:2]
    assert (1, 3) == world.parts("content_consumption", "funnel_stage", "bottom", window_days=30)[:2]
