"""Recorded report rows with every odd case, and the staged rows that they make."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from abm_pipeline.contracts import tables as T
from abm_pipeline_tests.staging.conftest import DAY, RawLake

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def row(domain: str, page: str = "/", dimension: str = "customUser:company_domain", **values: Any) -> dict[str, Any]:
    """A row by its headers' names."""
    told = {
        "date": "20260302", dimension: domain, "landingPage": page, "sessions": "3", "engagedSessions": "0",
        "screenPageViews": "5", "totalUsers": "2", "userEngagementDuration": "0", "keyEvents": "0",
    }  # fmt: skip
    return {**told, **values, "metadata": {"timeZone": "America/New_York"}}


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> RawLake:
    """One day's report, with a restated row, staged."""
    made = RawLake(tmp_path_factory.mktemp("lake"))
    made.put("ga4", "company_visit", "a", row("acme.com", userEngagementDuration="119.5", engagedSessions="1"))
    made.put("ga4", "company_visit", "w", row("WWW.Acme.com", "/pricing", keyEvents="1", engagedSessions="1"))
    early, late = row("beta.io", sessions="1"), row("beta.io", sessions="4", userEngagementDuration="30")
    made.put("ga4", "company_visit", "b", early, version="v1", fetched="2026-03-03T04:00:00Z")
    made.put("ga4", "company_visit", "b", late, version="v2", fetched="2026-03-05T04:00:00Z")
    made.put("ga4", "company_visit", "o", row("(other)"))
    made.put("ga4", "company_visit", "z", row("gamma.de", sessions="many"))
    made.stage()
    return made


def test_a_visit_a_day_company_and_page(lake: RawLake) -> None:
    """At noon, with the seconds of engagement; the domain as registered, the id as it came; (other) is nobody."""
    columns = (
        "source_id",
        "domain",
        "touch_type",
        "channel",
        "content_id",
        "duration_seconds",
        "outcome",
        "occurred_at",
    )
    visit = ("web_visit", "web")
    expected = [
        (f"{DAY}|WWW.Acme.com|/pricing", "acme.com", *visit, "/pricing", 0.0, "converted", NOON),
        (f"{DAY}|acme.com|/", "acme.com", *visit, "/", 119.5, "engaged", NOON),
        (f"{DAY}|beta.io|/", "beta.io", *visit, "/", 30.0, None, NOON),
    ]
    assert expected == lake.rows(T.ACTIVITY, *columns)


def test_a_metric_in_words_is_quarantined(lake: RawLake) -> None:
    """A count that is none."""
    assert [("company_visit", "z", "retyped:sessions")] == lake.quarantine()


def test_days_keep_their_date_in_any_reporting_zone(tmp_path: Path) -> None:
    """The property's 2 March stays 2 March in Auckland, at noon there; the dimension is the one that is told."""
    told = "{ga4: {company_dimension: 'customEvent:company'}}"
    (tmp_path / "programme.yaml").write_text(f"reporting_timezone: Pacific/Auckland\nsources: {told}\n")
    made = RawLake(tmp_path / "home", tmp_path)
    made.put("ga4", "company_visit", "a", row("acme.com", dimension="customEvent:company"))
    made.stage()
    expected = [(f"{DAY}|acme.com|/", datetime(2026, 3, 1, 23, tzinfo=UTC), DAY)]
    assert expected == made.rows(T.ACTIVITY, "source_id", "occurred_at", "day")
