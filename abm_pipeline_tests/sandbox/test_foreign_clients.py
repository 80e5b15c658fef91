"""Clients that nobody here wrote read the sandbox."""

from __future__ import annotations

from typing import Any

import linkedin_api.common.constants as linkedin_constants
import pytest
import requests
from linkedin_api.clients.auth.client import AuthClient
from linkedin_api.clients.restli.client import RestliClient
from requests.adapters import HTTPAdapter
from simple_salesforce import Salesforce
from simple_salesforce.exceptions import SalesforceAuthenticationFailed

from abm_pipeline.sandbox import credentials as known
from abm_pipeline.sandbox.serve import running_sandbox


class ToSandbox(HTTPAdapter):
    """simple-salesforce builds https://HOST/services/…; this sends every such call to the sandbox's prefix."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        assert request.url is not None
        request.url = f"{self.url}/salesforce/{request.url.split('/', 3)[3]}"
        return super().send(request, *args, **kwargs)


def session_to(url: str) -> requests.Session:
    """A session whose https calls end in the sandbox."""
    session = requests.Session()
    session.mount("https://", ToSandbox(url))
    return session


def test_simple_salesforce_logs_in_and_pages(big_sandbox: running_sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """SOAP login, query_all and query_all_iter over accounts and opportunities, describe, Bulk 2.0 agree."""
    monkeypatch.setattr("simple_salesforce.bulk2.sleep", lambda seconds: None)
    org = Salesforce(
        username=known.SALESFORCE_USERNAME,
        password=known.SALESFORCE_PASSWORD,
        security_token=known.SALESFORCE_SECURITY_TOKEN,
        session=session_to(big_sandbox.url),
    )
    contacts = org.query_all("SELECT Id, Name FROM Contact")
    assert contacts["totalSize"] == len(contacts["records"]) > 2000
    accounts = org.query_all("SELECT Id, Name FROM Account")["records"]
    deals = list(org.query_all_iter("SELECT Id, StageName FROM Opportunity", include_deleted=True))
    everything = org.query("SELECT COUNT() FROM Account")["totalSize"]
    assert everything == len(accounts)
    assert len({deal["Id"] for deal in deals}) == len(deals) > 1000
    assert "ABM_Tier__c" in {field["name"] for field in org.Account.describe()["fields"]}
    pages = list(org.bulk2.Account.query("SELECT Id, Name FROM Account", max_records=1000))
    assert sum(len(page.splitlines()) - 1 for page in pages) == len(accounts)


def test_simple_salesforce_by_session_and_oauth(big_sandbox: running_sandbox) -> None:
    """instance_url + session_id, client credentials on the My Domain host, and a refused password."""
    session = session_to(big_sandbox.url)
    oauth = Salesforce(
        consumer_key=known.SALESFORCE_CLIENT_ID,
        consumer_secret=known.SALESFORCE_CLIENT_SECRET,
        domain="northwind.my",
        session=session,
    )
    direct = Salesforce(instance_url=big_sandbox.url, session_id=oauth.session_id, session=session)
    assert direct.query("SELECT Id FROM Account LIMIT 2")["totalSize"] == 2
    with pytest.raises(SalesforceAuthenticationFailed):
        Salesforce(username="a", password="b", security_token="c", session=session_to(big_sandbox.url))


def test_linkedin_client_reads_accounts_and_analytics(
    big_sandbox: running_sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Token, a search, analytics with nested parameters (also long enough to be tunnelled) and organisation lookup."""
    monkeypatch.setattr(linkedin_constants, "VERSIONED_BASE_URL", f"{big_sandbox.url}/linkedin/rest")
    monkeypatch.setattr(linkedin_constants, "OAUTH_BASE_URL", f"{big_sandbox.url}/linkedin/oauth/v2")
    auth = AuthClient(client_id=known.LINKEDIN_CLIENT_ID, client_secret=known.LINKEDIN_CLIENT_SECRET)
    token = auth.get_two_legged_access_token().access_token
    client = RestliClient()
    same: dict[str, Any] = {"access_token": token, "version_string": "202609"}
    accounts = client.finder(
        resource_path="/adAccounts",
        finder_name="search",
        query_params={"search": {"status": {"values": ["ACTIVE"]}}},
        **same,
    ).elements
    assert len(accounts) == 2
    campaigns = [
        campaign
        for account in accounts
        for campaign in client.finder(
            resource_path="/adAccounts/{id}/adCampaigns", path_keys={"id": account["id"]}, finder_name="search", **same
        ).elements
    ]
    urns = [f"urn:li:sponsoredCampaign:{campaign['id']}" for campaign in campaigns]
    ask = {
        "pivot": "MEMBER_COMPANY",
        "timeGranularity": "DAILY",
        "dateRange": {"start": {"year": 2026, "month": 6, "day": 1}, "end": {"year": 2026, "month": 6, "day": 2}},
        "fields": "impressions,clicks,pivotValues,dateRange,costInUsd",
    }
    answers = [
        client.finder(
            resource_path="/adAnalytics",
            finder_name="analytics",
            query_params={**ask, "campaigns": urns * times},
            **same,
        ).elements
        for times in (1, 12)
    ]
    assert answers[0] == answers[1]
    assert len(answers[0]) > 100
    ident = answers[0][0]["pivotValues"][0].rpartition(":")[2]
    found = client.batch_get(resource_path="/organizationsLookup", ids=[int(ident)], **same)
    assert found.results[ident]["id"] == int(ident)
