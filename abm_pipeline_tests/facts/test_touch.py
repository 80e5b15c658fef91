"""Touches: on the day they happened, as last known, following late arrivals to exactly their days."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from abm_pipeline.contracts import tables as t
from abm_pipeline.facts.refresh import refresh
from abm_pipeline.settings import Settings
from abm_pipeline.storage.report import TableReport
from abm_pipeline_tests.identity.staged import at, read, settings_of, span, stage

D = span("2025-03-01", 12)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A lake of the test's own."""
    return settings_of(tmp_path)


def activity(source_id: str, occurred: str, arrived: str, **values: Any) -> dict[str, Any]:
    """A staged activity that happened at one time and arrived (was modified) at another."""
    kind = {"touch_type": "email_reply", "channel": "email", "contact_source_id": "003"}
    return {"source_id": source_id, "occurred_at": at(occurred), "modified_at": at(arrived)} | kind | values


def touches(settings: Settings, days: list[date]) -> TableReport:
    """Refresh touches for the days."""
    (report,) = refresh(settings, days, "run", [t.TOUCH])
    return report


def found(settings: Settings) -> dict[str, date]:
    """Day by touch id."""
    return dict(read(settings.open_lake, t.TOUCH, "touch_id day"))


def test_keys_and_funnel(settings: Settings) -> None:
    """A record's company counts before a bare domain; the funnel is as stated, else the content's, else the touch's."""
    stage(
        settings.open_lake,
        t.ACTIVITY,
        [
            activity("a", "2025-03-01 10:00", "2025-03-01", company_source_id="001", domain="acme.com"),
            activity("b", "2025-03-01 11:00", "2025-03-01", domain="acme.com", content_type="pricing_guide"),
            activity("c", "2025-03-01 12:00", "2025-03-01", content_type="ebook", funnel_stage="mid"),
        ],
    )
    touches(settings, D[:1])
    columns = "touch_id company_key contact_key funnel_stage weight_count"
    assert [
        ("salesforce:a", "salesforce:001", "salesforce:003", "mid", 1.0),
        ("salesforce:b", "domain:acme.com", "salesforce:003", "bottom", 1.0),
        ("salesforce:c", None, "salesforce:003", "mid", 1.0),
    ] == read(settings.open_lake, t.TOUCH, columns)


def test_day_is_that_of_the_reporting_zone(tmp_path: Path) -> None:
    """23:30 UTC of 1 March is 2 March in Berlin; an ad day stays its day, at noon in Berlin (11:00 UTC)."""
    settings = settings_of(tmp_path, "reporting_timezone: Europe/Berlin")
    stage(settings.open_lake, t.ACTIVITY, [activity("a", "2025-03-01 23:30", "2025-03-01 23:30")], D[:2])
    delivery = {"campaign_source_id": "c", "company_source_id": "7", "impressions": 5}
    stage(settings.open_lake, t.AD_DELIVERY, [delivery | {"source": "linkedin", "source_id": "x", "day": D[0]}])
    touches(settings, D[:2])
    assert [
        (D[0], "linkedin:x:impression", at("2025-03-01 11:00")),
        (D[1], "salesforce:a", at("2025-03-01 23:30")),
    ] == read(settings.open_lake, t.TOUCH, "day touch_id occurred_at")


def test_ad_delivery_becomes_weighted_touches(settings: Settings) -> None:
    """5 impressions and 2 clicks, nothing known of engagements: two touches; the campaign's own row is no touch."""
    row = {"source": "linkedin", "day": D[0], "campaign_source_id": "9", "currency": "USD"}
    stage(
        settings.open_lake,
        t.AD_DELIVERY,
        [
            row | {"source_id": "9:7", "company_source_id": "7", "impressions": 5, "clicks": 2, "engagements": None},
            row | {"source_id": "9:all", "company_source_id": None, "impressions": 50, "clicks": 4, "engagements": 1},
        ],
    )
    touches(settings, D[:1])
    columns = "touch_id company_key campaign_id touch_type channel is_exposure weight_count"
    assert [
        ("linkedin:9:7:click", "linkedin:7", "linkedin:9", "ad_click", "ads", False, 2.0),
        ("linkedin:9:7:impression", "linkedin:7", "linkedin:9", "ad_impression", "ads", True, 5.0),
    ] == read(settings.open_lake, t.TOUCH, columns)


def test_first_load_brings_history(settings: Settings) -> None:
    """Asked for day 5, which the first load filled with an old activity of day 2: both are written, day 9 waits."""
    stage(
        settings.open_lake,
        t.ACTIVITY,
        [activity("old", "2025-03-02", "2025-03-05"), activity("ahead", "2025-03-09", "2025-03-05")],
    )
    report = touches(settings, [D[4]])
    assert {D[1]: 1, D[4]: 0} == report.rows
    assert {"salesforce:old": D[1]} == found(settings)


def test_late_activity_rewrites_exactly_its_day(settings: Settings) -> None:
    """Days 1 to 5 are done; on day 6 a call of day 2 is logged: days 2 and 6 are computed, and both changed."""
    stage(settings.open_lake, t.ACTIVITY, [activity(f"a{d.day}", str(d), str(d)) for d in D[:5]])
    touches(settings, D[:5])
    stage(settings.open_lake, t.ACTIVITY, [activity("late", "2025-03-02 09:00", "2025-03-06")])
    report = touches(settings, [D[5]])
    assert {D[1]: 2, D[5]: 0} == report.rows
    assert (D[1], D[5]) == tuple(report.changed)
    assert {} == touches(settings, []).rows


def test_moved_activity_leaves_its_old_day(settings: Settings) -> None:
    """A meeting of day 2 is corrected to day 4 on day 6: it leaves day 2 and stands on day 4."""
    stage(settings.open_lake, t.ACTIVITY, [activity("m", "2025-03-02", "2025-03-02")], D[:5])
    touches(settings, D[:5])
    stage(settings.open_lake, t.ACTIVITY, [activity("m", "2025-03-04", "2025-03-06")])
    report = touches(settings, [D[5]])
    assert {D[1]: 0, D[3]: 1, D[5]: 0} == report.rows
    assert {"salesforce:m": D[3]} == found(settings)


def test_deleted_activity_disappears(settings: Settings) -> None:
    """An e-mail of day 1 is deleted on day 3: day 1 is computed again and is empty."""
    stage(settings.open_lake, t.ACTIVITY, [activity("e", "2025-03-01", "2025-03-01")])
    touches(settings, D[:1])
    stage(settings.open_lake, t.ACTIVITY, [activity("e", "2025-03-01", "2025-03-03", is_deleted=True)])
    report = touches(settings, D[1:3])
    assert {D[0]: 0, D[1]: 0, D[2]: 0} == report.rows
    assert {} == found(settings)


def test_restated_ad_day_is_rewritten(settings: Settings) -> None:
    """On day 3 the platform restates day 1 from 5 to 7 impressions: day 1 is computed again, day 2 is left alone."""
    row = {"source": "linkedin", "source_id": "9:7", "campaign_source_id": "9", "company_source_id": "7"}
    for day in D[:2]:
        stage(settings.open_lake, t.AD_DELIVERY, [row | {"day": day, "impressions": 5}])
    touches(settings, D[:2])
    stage(settings.open_lake, t.AD_DELIVERY, [row | {"day": D[0], "impressions": 7}], [D[2]])
    report = touches(settings, [D[2]])
    assert {D[0]: 1, D[2]: 0} == report.rows
    assert [(D[0], 7.0), (D[1], 5.0)] == read(settings.open_lake, t.TOUCH, "day weight_count")


def test_killed_run_is_made_up_for(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that dies after writing but before it said that all is current: the next one ends in the same rows."""
    stage(settings.open_lake, t.ACTIVITY, [activity("a", "2025-03-01", "2025-03-01")])
    touches(settings, D[:1])
    stage(settings.open_lake, t.ACTIVITY, [activity("late", "2025-03-01 09:00", "2025-03-02")])

    def dies(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(type(settings.open_lake), "mark_computed", dies)
        with pytest.raises(KeyboardInterrupt):
            touches(settings, [D[1]])
    assert {D[0]: 2, D[1]: 0} == touches(settings, [D[1]]).rows
