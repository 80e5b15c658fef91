"""HubSpot's own Python client reads the sandbox."""

from __future__ import annotations

from typing import Any

import hubspot
from hubspot.crm.associations.v4 import (
    BatchInputPublicFetchAssociationsBatchRequest,
    PublicFetchAssociationsBatchRequest,
)
from hubspot.crm.companies import BatchReadInputSimplePublicObjectId, SimplePublicObjectId
from hubspot.crm.contacts import Filter, FilterGroup, PublicObjectSearchRequest

from abm_pipeline.sandbox.hubspot.portal import portal
from abm_pipeline.sandbox.hubspot.rest import CLIENT_ID, CLIENT_SECRET, PRIVATE_TOKEN, REFRESH_TOKEN
from abm_pipeline.sandbox.serve import running_sandbox

CLIENT = hubspot.Client.create(access_token=PRIVATE_TOKEN)


def at(api: Any, sandbox: running_sandbox) -> Any:
    """One of the client's APIs, sent to the sandbox."""
    api.api_client.configuration.host = f"{sandbox.url}/hubspot"
    return api


def test_objects_are_listed_to_their_end(sandbox: running_sandbox) -> None:
    """Page by page through all companies; the archived ones come for the asking."""
    companies = at(CLIENT.crm.companies.basic_api, sandbox)
    kind, instant = portal(sandbox.world).known.kind, sandbox.world.instant
    found: list[Any] = []
    after = None
    while True:
        page = companies.get_page(limit=10, after=after, properties=["name", "domain", "salesforceaccountid"])
        found += page.results
        if page.paging is None:
            break
        after = page.paging.next.after
    assert [str(key) for key in kind.ids[kind.table.record[kind.rows(instant)]]] == [row.id for row in found]
    assert any(row.properties["salesforceaccountid"] for row in found)
    gone = companies.get_page(limit=10, archived=True).results
    assert gone
    assert all(row.archived and row.archived_at is not None for row in gone)


def test_history_and_batches_are_read(sandbox: running_sandbox) -> None:
    """Deals with the history of their stage; a batch of companies of which one does not exist."""
    deals = at(CLIENT.crm.deals.basic_api, sandbox).get_page(limit=50, properties_with_history=["dealstage"]).results
    longest = max((deal.properties_with_history["dealstage"] for deal in deals), key=len)
    assert [step.timestamp for step in longest] == sorted((step.timestamp for step in longest), reverse=True)
    some = str(portal(sandbox.world).known.kind.ids[0])
    asked = BatchReadInputSimplePublicObjectId(
        inputs=[SimplePublicObjectId(id=some), SimplePublicObjectId(id="99")],
        properties=["name"], properties_with_history=[],
    )  # fmt: skip
    told = at(CLIENT.crm.companies.batch_api, sandbox).read(batch_read_input_simple_public_object_id=asked)
    assert [row.id for row in told.results] == [some]
    assert told.num_errors == 1


def test_search_and_links_are_read(sandbox: running_sandbox) -> None:
    """People with a Salesforce id, and the companies that they belong to."""
    asked = PublicObjectSearchRequest(
        filter_groups=[FilterGroup(filters=[Filter(property_name="salesforcecontactid", operator="HAS_PROPERTY")])],
        properties=["email"], limit=100, sorts=["hs_object_id"], after="0",
    )  # fmt: skip
    asked.sorts = [{"propertyName": "hs_object_id", "direction": "ASCENDING"}]
    told = at(CLIENT.crm.contacts.search_api, sandbox).do_search(public_object_search_request=asked)
    assert told.total == len(told.results) > 10
    links = at(CLIENT.crm.associations.v4.batch_api, sandbox).get_page(
        "contacts", "companies",
        BatchInputPublicFetchAssociationsBatchRequest(
            inputs=[PublicFetchAssociationsBatchRequest(id=row.id) for row in told.results[:5]]
        ),
    )  # fmt: skip
    labels = {each.label for row in links.results for to in row.to for each in to.association_types}
    assert labels == {"Primary", None}


def test_owners_pipelines_and_forms_are_read(sandbox: running_sandbox) -> None:
    """References, and an access token for the refresh token."""
    owners = at(CLIENT.crm.owners.owners_api, sandbox)
    left = owners.get_page(archived=True).results
    assert [owner.user_id for owner in left] == [None]
    assert {p.label for p in at(CLIENT.crm.pipelines.pipelines_api, sandbox).get_all("deals").results} == {
        "Sales Pipeline", "Salesforce",
    }  # fmt: skip
    assert len(at(CLIENT.marketing.forms.forms_api, sandbox).get_page().results) == 4
    told = at(CLIENT.oauth.tokens_api, sandbox).create(
        grant_type="refresh_token", client_id=CLIENT_ID, client_secret=CLIENT_SECRET, refresh_token=REFRESH_TOKEN
    )
    assert told.refresh_token == REFRESH_TOKEN
    assert told.expires_in == 1800
