"""The sandbox read by facebook-business, Meta's own package, pointed at it by the session's base URL."""

from __future__ import annotations

from typing import Any

import pytest

from abm_pipeline.sandbox.meta import rest
from abm_pipeline.sandbox.meta.rows import ACCOUNTS, EVERY
from abm_pipeline.sandbox.serve import running_sandbox

pytest.importorskip("facebook_business")


@pytest.fixture
def account(sandbox: running_sandbox, monkeypatch: pytest.MonkeyPatch) -> Any:
    """An ad account of the sandbox, as the package has it."""
    from facebook_business.adobjects.adaccount import AdAccount
    from facebook_business.api import FacebookAdsApi
    from facebook_business.session import FacebookSession

    monkeypatch.setattr(FacebookSession, "GRAPH", f"{sandbox.url}/meta")
    session = FacebookSession(app_id="1", app_secret=rest.APP_SECRET, access_token=rest.ACCESS_TOKEN)
    return AdAccount(f"act_{ACCOUNTS[0].ident}", api=FacebookAdsApi(session))


def test_meta_reads_accounts_and_campaigns(sandbox: running_sandbox, account: Any) -> None:
    """Its cursor follows our `next` to the end; without a filter deleted and archived campaigns are not there."""
    from facebook_business.adobjects.user import User

    me = User("me", api=account.get_api_assured())
    assert {str(a.ident) for a in ACCOUNTS} == {a["account_id"] for a in me.get_ad_accounts(fields=["account_id"])}
    fields = ["name", "effective_status", "updated_time"]
    live = list(account.get_campaigns(fields=fields, params={"limit": 2}))
    every = list(account.get_campaigns(fields=fields, params={"limit": 2, "effective_status": list(EVERY)}))
    assert {"DELETED", "ARCHIVED"} & {c["effective_status"] for c in every}
    assert {c["id"] for c in live} < {c["id"] for c in every}
    assert len(every) == len({c["id"] for c in every}) > 4


def test_meta_runs_a_report(sandbox: running_sandbox, account: Any) -> None:
    """Start, poll until complete, read page by page: the rows that are told at once, too."""
    fields = ["campaign_id", "impressions", "spend", "actions"]
    params = {"level": "campaign", "time_increment": "1", "time_range": {"since": "2026-06-01", "until": "2026-06-20"}}
    run = account.get_insights_async(fields=fields, params=params)
    states = []
    while not states or states[-1] not in ("Job Completed", "Job Failed"):
        run = run.api_get()
        states.append(run["async_status"])
    assert ["Job Not Started", "Job Running", "Job Completed"] == states
    rows = [dict(row) for row in run.get_insights(params={"limit": 7})]
    at_once = [dict(row) for row in account.get_insights(fields=fields, params={**params, "limit": 500})]
    assert rows == at_once
    assert len(rows) > 20
    assert float(rows[0]["spend"]) > 0


def test_meta_takes_our_throttling_for_its_own(sandbox: running_sandbox, account: Any) -> None:
    """400 with the code and the headers, in which it finds what it looks for."""
    from facebook_business.exceptions import FacebookRequestError

    sandbox.configure("meta", quota_calls=0)
    with pytest.raises(FacebookRequestError) as caught:
        list(account.get_campaigns(fields=["name"]))
    error = caught.value
    assert (400, 80000, 2446079) == (error.http_status(), error.api_error_code(), error.api_error_subcode())
    assert "x-business-use-case-usage" in {name.lower() for name in error.http_headers()}
