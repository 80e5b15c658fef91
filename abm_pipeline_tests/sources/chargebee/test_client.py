"""What is Chargebee's own: bounds of a time filter, offsets that look like JSON, deleted records, refusals."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx
import orjson
import pytest

from abm_pipeline.sandbox.serve import running_sandbox
from abm_pipeline.sources._errors import Permanent, Retriable
from abm_pipeline.sources._spec import Window
from abm_pipeline.sources.chargebee import client as chargebee
from abm_pipeline_tests.sources.conftest import connect, fetched, stream_of

SPEC, CUSTOMER = stream_of("chargebee", "customer")
_, SUBSCRIPTION = stream_of("chargebee", "subscription")
_, INVOICE = stream_of("chargebee", "invoice")
END = datetime(2026, 7, 1, tzinfo=UTC)
EVER = Window(None, END)


def test_a_record_on_the_edge_belongs_to_one_window(sandbox: running_sandbox) -> None:
    """Its second is the first of the later window and after the last of the earlier one."""
    edge = fetched(SPEC, INVOICE, EVER)[-1].at
    assert isinstance(edge, datetime)
    earlier, later = Window(edge - timedelta(days=9), edge), Window(edge, edge + timedelta(days=1))
    assert edge in {record.at for record in fetched(SPEC, INVOICE, later)}
    assert edge not in {record.at for record in fetched(SPEC, INVOICE, earlier)}


def test_offsets_go_back_as_they_came(sandbox: running_sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages of three are together what one page is, in the order of change."""
    whole = fetched(SPEC, INVOICE, EVER)
    monkeypatch.setattr(chargebee, "PAGE_SIZE", 3)
    with connect(SPEC) as client:
        pages = list(client.fetch(INVOICE, EVER))
    assert len(pages) > 5
    assert whole == [record for page in pages for record in page.records]
    assert [r.at for r in whole] == sorted(r.at for r in whole)  # type: ignore[type-var]


def test_deleted_records_are_told(sandbox: running_sandbox) -> None:
    """Customers made by mistake are deleted, and come with the later stamp that says so."""
    rows = [orjson.loads(record.payload) for record in fetched(SPEC, CUSTOMER, EVER)]
    gone = [row for row in rows if row["deleted"]]
    assert gone
    assert all(row["updated_at"] > row["created_at"] for row in gone)


def test_the_version_is_the_resource_version(sandbox: running_sandbox) -> None:
    """In milliseconds, finer than the cursor."""
    for record in fetched(SPEC, SUBSCRIPTION, EVER):
        row = orjson.loads(record.payload)
        assert record.version == str(row["resource_version"])
        assert row["resource_version"] // 1000 == row["updated_at"]


def test_throttling_asks_to_wait(sandbox: running_sandbox) -> None:
    """429 with the wait in `Retry-After`."""
    sandbox.configure("chargebee", per_minute=0)
    with pytest.raises(Retriable, match=r"throttled.*429, api_request_limit_exceeded") as caught:
        fetched(SPEC, CUSTOMER, EVER)
    assert 30.0 == caught.value.retry_after


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [(400, "configuration_incompatible", "Skippable"), (400, "param_wrong_value", "Permanent"),
     (403, "api_authorization_failed", "Permanent"), (503, "internal_temporary_error", "Retriable")],
)  # fmt: skip
def test_refusals_by_what_recovers_them(sandbox: running_sandbox, status: int, code: str, kind: str) -> None:
    """Another product catalogue leaves the stream out; what is refused needs a person; what is down, time."""
    body = {"message": "x", "api_error_code": code, "http_status_code": status}
    client = connect(SPEC)
    assert isinstance(client, chargebee.Client)
    judged = client._judge(httpx.Response(status, json=body), "subscription")
    assert (kind, code) == (type(judged).__name__, judged and judged.code)


def test_check_reads_customers(sandbox: running_sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong key is told with the variables to look at."""
    with connect(SPEC) as client:
        assert "reads customers" == client.check()
    monkeypatch.setenv("ABM_CHARGEBEE_API_KEY", "live_wrong")
    with connect(SPEC) as client, pytest.raises(Permanent, match=r"refused.*ABM_CHARGEBEE_API_KEY"):
        client.check()
