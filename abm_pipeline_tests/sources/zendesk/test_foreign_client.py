"""zenpy reads the sandbox. Its licence is the GPL, so it is not among the requirements: install it to run this."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter

from abm_pipeline.sandbox.serve import running_sandbox
from abm_pipeline.sandbox.zendesk.records import records
from abm_pipeline.sandbox.zendesk.rest import API_TOKEN, EMAIL

Zenpy = pytest.importorskip("zenpy").Zenpy


class ToSandbox(HTTPAdapter):
    """zenpy calls https://<subdomain>.zendesk.com; this sends every such call to the sandbox's prefix."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        assert request.url is not None
        moved = request.copy()
        moved.url = f"{self.url}/zendesk/{request.url.split('/', 3)[3]}"
        answer = super().send(moved, *args, **kwargs)
        # By what was asked zenpy tells what it has before it.
        answer.request, answer.url = request, request.url
        return answer


def test_it_reads_the_exports(sandbox: running_sandbox) -> None:
    """Tickets and users by cursor in pages of fifty, organizations by time: as many as there are."""
    session = requests.Session()
    session.mount("https://", ToSandbox(sandbox.url))
    client = Zenpy(subdomain="z3n-northwind", email=EMAIL, token=API_TOKEN, session=session)
    tables, now = records(sandbox.world), sandbox.world.instant
    tickets = list(client.tickets.incremental(start_time=0, paginate_by_time=False, per_page=50))
    assert {t.id for t in tickets} == {*tables["ticket"].columns["id"][tables["ticket"].visible(now - 60)].tolist()}
    users = list(client.users.incremental(start_time=0, paginate_by_time=False, per_page=50))
    assert len({u.id for u in users}) == len(tables["user"].visible(now))
    organizations = list(client.organizations.incremental(start_time=0))
    assert {o.id for o in organizations} == {
        *tables["organization"].columns["id"][tables["organization"].visible(now)].tolist()
    }
    assert any(o.domain_names for o in organizations)
