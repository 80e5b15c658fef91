"""The sandbox read by Google's own code: google-auth logs in, google-ads' protobuf messages parse what comes.

The google-ads client itself speaks gRPC only, so its requests can't be pointed at a REST sandbox; its message types
hold the JSON to every name and type of the API instead, as an unknown key or a wrong type fails.
"""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from abm_pipeline.sandbox.google_ads import rest
from abm_pipeline.sandbox.google_ads.rows import ACCOUNTS, MANAGER
from abm_pipeline.sandbox.serve import running_sandbox
from abm_pipeline.sources.google_ads import contract

service = pytest.importorskip("google.ads.googleads.v26.services.types.google_ads_service")
errors = pytest.importorskip("google.ads.googleads.v26.errors.types.errors")
requests = pytest.importorskip("google.auth.transport.requests")
json_format = pytest.importorskip("google.protobuf.json_format")


@pytest.fixture
def session(sandbox: running_sandbox) -> Any:
    """A session that google-auth logs in by itself."""
    from google.oauth2.credentials import Credentials

    made = requests.AuthorizedSession(
        Credentials(
            None,
            refresh_token=rest.REFRESH_TOKEN,
            token_uri=f"{sandbox.url}/google_ads/token",
            client_id=rest.CLIENT_ID,
            client_secret=rest.CLIENT_SECRET,
        )
    )
    made.headers.update({"developer-token": rest.DEVELOPER_TOKEN, "login-customer-id": str(MANAGER)})
    return made


def test_google_reads_the_sandbox(sandbox: running_sandbox, session: Any) -> None:
    """Pages of accounts, of campaigns, and a stream of delivery, parsed by the messages of the API."""
    base = f"{sandbox.url}/google_ads/v26/customers"
    found, body = [], {"query": contract.CUSTOMERS}
    while True:
        page = service.SearchGoogleAdsResponse()
        json_format.Parse(session.post(f"{base}/{MANAGER}/googleAds:search", json=body).content, page._pb)
        found += [row.customer_client.id for row in page.results]
        if not page.next_page_token:
            break
        body["pageToken"] = page.next_page_token
    assert {account.ident for account in ACCOUNTS} < set(found)

    account = ACCOUNTS[0].ident
    page = service.SearchGoogleAdsResponse()
    answer = session.post(f"{base}/{account}/googleAds:search", json={"query": contract.CAMPAIGNS})
    json_format.Parse(answer.content, page._pb)
    assert page.results[0].campaign.start_date_time.endswith("00:00:00")

    query = contract.DELIVERY.format(first="2026-06-01", last="2026-06-30")
    batches = session.post(f"{base}/{account}/googleAds:searchStream", json={"query": query}).json()
    spent = 0
    for batch in batches:
        parsed = service.SearchGoogleAdsStreamResponse()
        json_format.ParseDict(batch, parsed._pb)
        spent += sum(row.metrics.cost_micros for row in parsed.results)
        assert all("2026-06-01" <= row.segments.date <= "2026-06-30" for row in parsed.results)
    assert spent > 0


def test_errors_are_what_google_declares(sandbox: running_sandbox, session: Any) -> None:
    """A refused query and a used-up quota: code, scope and delay where the API's messages have them."""
    url = f"{sandbox.url}/google_ads/v26/customers/{ACCOUNTS[0].ident}/googleAds:search"
    answers = [session.post(url, json={"query": "SELECT campaign.foo FROM campaign"})]
    sandbox.configure("google_ads", daily_operations=0, retry_delay=30.0)
    answers.append(session.post(url, json={"query": contract.CAMPAIGNS}))
    assert [400, 429] == [answer.status_code for answer in answers]
    failures = []
    for answer in answers:
        detail = orjson.loads(answer.content)["error"]["details"][0]
        assert detail.pop("@type").endswith("v26.errors.GoogleAdsFailure")
        failures.append(errors.GoogleAdsFailure())
        json_format.ParseDict(detail, failures[-1]._pb)
    refused, quota = (failure.errors[0] for failure in failures)
    assert "UNRECOGNIZED_FIELD" == refused.error_code.query_error.name
    assert "RESOURCE_EXHAUSTED" == quota.error_code.quota_error.name
    assert 30 == quota.details.quota_error_details.retry_delay.total_seconds()
