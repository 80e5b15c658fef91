"""Google's own client for the Data API logs in to the sandbox and reads its reports."""

from __future__ import annotations

from typing import Any

import pytest

from abm_pipeline.sandbox.credentials import KEYS
from abm_pipeline.sandbox.ga4.rest import COMPANY, PROPERTY, SCOPE, SERVICE_ACCOUNT
from abm_pipeline.sandbox.serve import running_sandbox

data = pytest.importorskip("google.analytics.data_v1beta")
transports = pytest.importorskip("google.analytics.data_v1beta.services.beta_analytics_data.transports")
service_account = pytest.importorskip("google.oauth2.service_account")
exceptions = pytest.importorskip("google.api_core.exceptions")


@pytest.fixture
def google(sandbox: running_sandbox, monkeypatch: pytest.MonkeyPatch) -> Any:
    """google-analytics-data over REST, with a service account's key; google-auth asks no other host about it."""
    asks = "_is_regional_access_boundary_lookup_required"
    monkeypatch.setattr(service_account.Credentials, asks, lambda self: False, raising=False)
    info = {
        "client_email": SERVICE_ACCOUNT, "private_key": KEYS.pem()["private_key"],
        "token_uri": f"{sandbox.url}/ga4/token",
    }  # fmt: skip
    signed = service_account.Credentials.from_service_account_info(info, scopes=[SCOPE])
    transport = transports.BetaAnalyticsDataRestTransport(host=f"{sandbox.url}/ga4", credentials=signed)
    return data.BetaAnalyticsDataClient(transport=transport)


def test_google_reads_the_sandbox(google: Any) -> None:
    """All pages of a report on June, its headers, quota and metadata; an unknown dimension is its BadRequest."""
    asked = data.RunReportRequest(
        property=f"properties/{PROPERTY}",
        dimensions=[data.Dimension(name=name) for name in ("date", COMPANY, "landingPage")],
        metrics=[data.Metric(name="sessions"), data.Metric(name="keyEvents")],
        date_ranges=[data.DateRange(start_date="2026-06-01", end_date="2026-06-30")],
        limit=50,
        return_property_quota=True,
    )
    rows: list[Any] = []
    while True:
        asked.offset = len(rows)
        answer = google.run_report(asked)
        rows += answer.rows
        if len(rows) >= answer.row_count:
            break
    assert len(rows) == answer.row_count > 50
    assert len({tuple(value.value for value in row.dimension_values) for row in rows}) == len(rows)
    assert "America/New_York" == answer.metadata.time_zone
    assert answer.metadata.subject_to_thresholding
    assert answer.property_quota.tokens_per_day.remaining > 0
    names = {dimension.api_name for dimension in google.get_metadata(name=f"properties/{PROPERTY}/metadata").dimensions}
    assert COMPANY in names
    asked.dimensions = [data.Dimension(name="customUser:nope")]
    with pytest.raises(exceptions.BadRequest):
        google.run_report(asked)
