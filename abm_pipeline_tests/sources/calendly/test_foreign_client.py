"""`calendly-python`, which nobody here wrote, reads the sandbox."""

from __future__ import annotations

import pytest
from calendly.client import Client
from calendly.exceptions import UnauthorizedError

from abm_pipeline.sandbox.calendly.rest import TOKEN
from abm_pipeline.sandbox.serve import running_sandbox
from abm_pipeline_tests.sources.calendly.test_client import EVENT, EVER, SPEC
from abm_pipeline_tests.sources.conftest import fetched


def test_it_reads_events_and_invitees(sandbox: running_sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its user and organisation, all events page by page, one of them alone, its invitees; a wrong token is told."""
    monkeypatch.setattr(Client, "URL", f"{sandbox.url}/calendly/")
    client = Client(access_token=TOKEN)
    params = {"organization": client.organization_uri, "count": 100}
    pages = [client.get("scheduled_events", params=params)]
    while token := pages[-1]["pagination"]["next_page_token"]:
        pages.append(client.get("scheduled_events", params={**params, "page_token": token}))
    codes = {row["uri"].rpartition("/")[2] for page in pages for row in page["collection"]}
    assert {record.record_id for record in fetched(SPEC, EVENT, EVER)} == codes
    code = min(codes)
    event = client.get_scheduled_event(code)["resource"]
    invitees = client.get(f"scheduled_events/{code}/invitees")["collection"]
    assert len(invitees) == event["invitees_counter"]["total"]
    with pytest.raises(UnauthorizedError):
        Client(access_token="x")
