"""The simulated Google Analytics is what Google's documentation says of the Data API."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from abm_pipeline.contracts import tables as T
from abm_pipeline.sandbox.ga4.rest import CLIENT_ID, CLIENT_SECRET, COMPANY, PROPERTY, REFRESH_TOKEN
from abm_pipeline.sandbox.serve import running_sandbox
from abm_pipeline.settings import Settings
from abm_pipeline_tests.sources.conftest import stream_of
from abm_pipeline_tests.sources.planted import newest, planted, staged

JUNE = {"startDate": "2026-06-01", "endDate": "2026-06-30"}


@pytest.fixture
def http(sandbox: running_sandbox) -> httpx.Client:
    """A logged-in client."""
    form = {
        "grant_type": "refresh_token", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET,
        "refresh_token": REFRESH_TOKEN,
    }  # fmt: skip
    token = httpx.post(f"{sandbox.url}/ga4/token", data=form).json()["access_token"]
    return httpx.Client(base_url=f"{sandbox.url}/ga4/v1beta", headers={"Authorization": f"Bearer {token}"})


def report(http: httpx.Client, **asked: Any) -> Any:
    """The answer to a report on June."""
    body = {"dateRanges": [JUNE], "metrics": [{"name": "sessions"}], **asked}
    return http.post(f"/properties/{PROPERTY}:runReport", json=body).json()


def test_everything_is_text_in_the_order_of_the_headers(http: httpx.Client) -> None:
    """Values are text, days YYYYMMDD, days of the property's zone, biggest first unless asked."""
    told = report(http, dimensions=[{"name": "date"}, {"name": "landingPage"}], limit="5", offset="2")
    assert [{"name": "date"}, {"name": "landingPage"}] == told["dimensionHeaders"]
    assert [{"name": "sessions", "type": "TYPE_INTEGER"}] == told["metricHeaders"]
    assert 5 == len(told["rows"]) < told["rowCount"]
    counts = [int(row["metricValues"][0]["value"]) for row in told["rows"]]
    assert counts == sorted(counts, reverse=True)
    assert told["rows"][0]["dimensionValues"][0]["value"].startswith("202606")
    assert "America/New_York" == told["metadata"]["timeZone"]
    assert "propertyQuota" not in told


def test_nothing_is_absent_not_nought(http: httpx.Client) -> None:
    """No rows: neither rows nor rowCount, but headers."""
    told = report(
        http, dateRanges=[{"startDate": "2020-01-01", "endDate": "2020-01-02"}], dimensions=[{"name": "date"}]
    )
    assert not {"rows", "rowCount"} & set(told)
    assert told["dimensionHeaders"]


def test_small_rows_are_withheld_where_they_could_tell_who_somebody_is(http: httpx.Client) -> None:
    """By company the answer says that it is thresholded and adds up to less than the total without companies."""
    total = int(report(http)["rows"][0]["metricValues"][0]["value"])
    told = report(
        http, dimensions=[{"name": COMPANY}, {"name": "date"}, {"name": "landingPage"}], returnPropertyQuota=True
    )
    shown = sum(int(row["metricValues"][0]["value"]) for row in told["rows"])
    assert told["metadata"]["subjectToThresholding"]
    assert shown < total
    assert {"consumed": 11} == {k: v for k, v in told["propertyQuota"]["tokensPerHour"].items() if k == "consumed"}


def test_errors_are_googles(http: httpx.Client) -> None:
    """Unknown fields 400, another property 403, no token 401, each with its status name."""
    wrong = report(http, dimensions=[{"name": "customUser:nope"}])["error"]
    assert (400, "INVALID_ARGUMENT") == (wrong["code"], wrong["status"])
    assert 403 == http.post("/properties/1:runReport", json={}).status_code
    assert (
        "UNAUTHENTICATED"
        == http.get(f"/properties/{PROPERTY}/metadata", headers={"Authorization": "Bearer x"}).json()["error"]["status"]
    )


def test_what_is_staged_is_what_was_planted(sandbox: running_sandbox, settings: Settings) -> None:
    """Every visit that the report of the last days shows, once; in one run only these days are read."""
    spec, _ = stream_of("ga4", "company_visit")
    staged(spec, settings, sandbox.world)
    visits = newest(settings, T.ACTIVITY, "source_id", "touch_type", "occurred_at", "is_exposure")
    truth = planted(sandbox.world, "touch", "ga4", "source_id", "touch_type", "occurred_at", "is_exposure")
    assert visits == {row for row in truth if row[2].date() == sandbox.world.until}
    assert visits
