"""Wire facts of the Zendesk sandbox."""

from __future__ import annotations

from base64 import b64decode

import httpx

from abm_pipeline.sandbox.serve import running_sandbox
from abm_pipeline.sandbox.zendesk.records import records
from abm_pipeline.sandbox.zendesk.rest import API_TOKEN, EMAIL


def _get(sandbox: running_sandbox, path: str, **params: str | int) -> httpx.Response:
    auth = (f"{EMAIL}/token", API_TOKEN)
    return httpx.get(f"{sandbox.url}/zendesk/api/v2/{path}", params=params, auth=auth)


def test_cursors_hold_a_stamp_and_an_id(sandbox: running_sandbox) -> None:
    """And are there on the last page too; links name the account's own host."""
    body = _get(sandbox, "incremental/tickets/cursor.json", start_time=0, per_page=5).json()
    last = body["tickets"][-1]
    assert f"{last['generated_timestamp']}.0||{last['id']}" == b64decode(body["after_cursor"]).decode()
    assert body["after_url"].startswith("https://z3n-northwind.zendesk.com/")
    end = _get(sandbox, "incremental/tickets/cursor.json", start_time=0).json()
    assert (True, True) == (end["end_of_stream"], bool(end["after_cursor"]))


def test_pages_by_time_do_not_split_a_second(sandbox: running_sandbox) -> None:
    """A page of one has all records of that second; the next begins with it again."""
    stamps = records(sandbox.world)["organization"].valid_from
    first = _get(sandbox, "incremental/organizations.json", start_time=0, per_page=1).json()
    assert int((stamps == first["end_time"]).sum()) == first["count"]
    again = _get(sandbox, "incremental/organizations.json", start_time=first["end_time"], per_page=1).json()
    assert first["organizations"] == again["organizations"]


def test_automations_move_the_export_but_not_the_ticket(sandbox: running_sandbox) -> None:
    """Closed tickets were generated after they were updated."""
    tickets = _get(sandbox, "incremental/tickets/cursor.json", start_time=0).json()["tickets"]
    closed = [t for t in tickets if t["status"] == "closed"]
    assert closed
    assert "metric_set" not in closed[0]
    whole = _get(sandbox, "incremental/tickets/cursor.json", start_time=0, include="users,metric_sets").json()
    assert all(t["metric_set"]["ticket_id"] == t["id"] for t in whole["tickets"])


def test_limits_and_refusals(sandbox: running_sandbox) -> None:
    """Ten exports a minute, in JSON; others in plain text; a start too near; a cursor that is none; wrong tokens."""
    sandbox.configure("zendesk", exports_per_minute=0)
    export = _get(sandbox, "incremental/users/cursor.json", start_time=0)
    assert (429, "93", "APIRateLimitExceeded") == (
        export.status_code, export.headers["retry-after"], export.json()["error"]
    )  # fmt: skip
    sandbox.configure("zendesk", per_minute=0, exports_per_minute=10)
    assert _get(sandbox, "satisfaction_ratings").text.startswith("Number of allowed API requests")
    sandbox.configure("zendesk", per_minute=100_000, exports_per_minute=100_000)
    near = _get(sandbox, "incremental/tickets/cursor.json", start_time=sandbox.world.instant)
    assert (422, "StartTimeTooRecent") == (near.status_code, near.json()["error"])
    assert 400 == _get(sandbox, "incremental/tickets/cursor.json", cursor="x").status_code
    assert 404 == _get(sandbox, "incremental/organizations/cursor.json", start_time=0).status_code
    wrong = httpx.get(f"{sandbox.url}/zendesk/api/v2/users/me.json", auth=("a/token", "b"))
    assert (401, {"error": "Couldn't authenticate you"}) == (wrong.status_code, wrong.json())
