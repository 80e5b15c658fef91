"""What is Google Analytics' own: two ways to log in, rows by offset, quotas by the hour, restated and withheld rows."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from abm_pipeline.sandbox.credentials import KEYS
from abm_pipeline.sandbox.ga4.rest import SERVICE_ACCOUNT
from abm_pipeline.sandbox.serve import running_sandbox
from abm_pipeline.settings import Settings
from abm_pipeline.sources import credentials
from abm_pipeline.sources._errors import Permanent, Retriable
from abm_pipeline.sources._spec import Record, Window
from abm_pipeline.sources.extract import extract
from abm_pipeline.sources.ga4 import client
from abm_pipeline_tests.sources.conftest import PROGRAMME, UNTIL, connect, fetched, raw_rows, stream_of

SPEC, VISIT = stream_of("ga4", "company_visit")
JUNE = Window(datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC))
USER = ("ABM_GA4_CLIENT_ID", "ABM_GA4_CLIENT_SECRET", "ABM_GA4_REFRESH_TOKEN")


@pytest.fixture
def key_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A service account's key as Google gives it, and no user."""
    told = {
        "type": "service_account", "client_email": SERVICE_ACCOUNT, "private_key": KEYS.pem()["private_key"],
        "private_key_id": "abc", "token_uri": "https://oauth2.googleapis.com/token",
    }  # fmt: skip
    path = tmp_path / "key.json"
    path.write_text(json.dumps(told))
    for name in USER:
        monkeypatch.delenv(name)
    monkeypatch.setenv("ABM_GA4_SERVICE_ACCOUNT_FILE", str(path))
    return path


def test_a_service_account_logs_in_with_a_signed_assertion(sandbox: running_sandbox, key_file: Path) -> None:
    """The key's file is enough; the property is read."""
    assert "customUser:company_domain is a dimension of the property" == credentials.check(
        SPEC, Settings(_env_file=None)
    )
    assert fetched(SPEC, VISIT, JUNE)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"client_email": "other@example.iam"}, r"login refused.*invalid_grant.*ABM_GA4_SERVICE_ACCOUNT_FILE"),
        ({"private_key": "no key"}, "ABM_GA4_SERVICE_ACCOUNT_FILE must be the path"),
        (None, "ABM_GA4_SERVICE_ACCOUNT_FILE must be the path"),
    ],
    ids=["another account", "no key", "no file"],
)
def test_a_key_that_is_no_good_is_told(key_file: Path, change: dict[str, str] | None, told: str) -> None:
    """Another account's, a broken one, none: the message names the variable, and never the key."""
    if change is None:
        key_file.unlink()
    else:
        key_file.write_text(json.dumps(json.loads(key_file.read_text()) | change))
    with pytest.raises(Permanent, match=told) as caught:
        fetched(SPEC, VISIT, JUNE)
    assert "PRIVATE KEY" not in str(caught.value)


def test_pages_of_rows_give_what_one_answer_gives(sandbox: running_sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Offsets up to rowCount: the same rows, as many requests as pages, none after a last page that is full."""
    clean = fetched(SPEC, VISIT, JUNE)
    monkeypatch.setattr(client, "PAGE_ROWS", len(clean) // 2 if len(clean) % 2 == 0 else len(clean))
    pages = len(clean) // client.PAGE_ROWS
    before = _reports(sandbox)
    assert clean == fetched(SPEC, VISIT, JUNE)
    assert pages == _reports(sandbox) - before


def _reports(sandbox: running_sandbox) -> int:
    return sum(count for key, count in sandbox.requests.items() if key.endswith(":runReport"))


def test_slices_cover_every_day_once(sandbox: running_sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """A month in slices of four days: the same rows."""
    clean = fetched(SPEC, VISIT, JUNE)
    monkeypatch.setattr(client, "SLICE_DAYS", 4)
    assert clean == fetched(SPEC, VISIT, JUNE)


def test_no_row_has_neither_rows_nor_a_count(sandbox: running_sandbox) -> None:
    """Before the property began: proto3 leaves `rows` and `rowCount` out."""
    past = Window(datetime(2020, 1, 1, tzinfo=UTC), datetime(2020, 1, 8, tzinfo=UTC))
    assert [] == fetched(SPEC, VISIT, past)


def test_an_hourly_quota_is_not_waited_for(sandbox: running_sandbox) -> None:
    """Tokens of the hour are used up: one request, and a message that says when to run again."""
    sandbox.configure("ga4", hourly_tokens=0)
    before = _reports(sandbox)
    with pytest.raises(Retriable, match=r"RESOURCE_EXHAUSTED.*asks to wait 3600 s") as caught:
        fetched(SPEC, VISIT, JUNE)
    assert 1 == _reports(sandbox) - before
    assert 3600.0 == caught.value.retry_after


def test_concurrent_requests_are_waited_for(sandbox: running_sandbox) -> None:
    """That quota comes back in seconds, and the run goes on."""
    sandbox.set_fault(":runReport", "429", times=2)
    assert fetched(SPEC, VISIT, JUNE)


def test_a_dimension_that_is_not_there_says_what_to_set(sandbox: running_sandbox) -> None:
    """400, not retried; doctor tells it before."""
    sandbox.configure("ga4", has_dimension=False)
    assert "customUser:company_domain is not a dimension of the property" == credentials.check(
        SPEC, Settings(_env_file=None)
    )
    with pytest.raises(Permanent, match=r"INVALID_ARGUMENT.*set sources.ga4.company_dimension"):
        fetched(SPEC, VISIT, JUNE)


def test_a_property_that_may_not_be_read_says_so(sandbox: running_sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """403: which role on which property."""
    monkeypatch.setenv("ABM_GA4_PROPERTY_ID", "1")
    with pytest.raises(Permanent, match=r"PERMISSION_DENIED.*role Viewer on the property of ABM_GA4_PROPERTY_ID"):
        fetched(SPEC, VISIT, JUNE)


def test_another_dimension_is_asked_for_by_its_name() -> None:
    """The programme names it; the contract relies on that name. Options that can't be used are refused."""
    told: dict[str, Any] = {"ga4": {"company_dimension": "customEvent:company", "lookback_days": 12}}
    stream = SPEC.streams(PROGRAMME.model_copy(update={"sources": told}))[0]
    assert "customEvent:company" in {field.name for field in stream.fields}
    assert 12 == stream.lookback_days
    with pytest.raises(ValueError, match=r"sources.ga4: lookback_days"):
        SPEC.streams(PROGRAMME.model_copy(update={"sources": {"ga4": {"lookback_days": 1}}}))


def test_what_makes_numbers_less_than_whole_is_told(sandbox: running_sandbox, settings: Settings) -> None:
    """Rows withheld, a sample of a quarter, the property's time zone and the quota left stand in the run's notes."""
    sandbox.configure("ga4", is_sampled=True)
    notes = extract(SPEC, settings, [UNTIL], "run")[0].notes
    assert ("yes", 25.0, "America/New_York") == (notes["small_rows_withheld"], notes["sampled_pct"], notes["time_zone"])
    assert 0 < int(notes["tokens_left_today"]) < 200_000


def test_days_are_read_again_until_they_are_settled(sandbox: running_sandbox, settings: Settings) -> None:
    """A day pulled on its evening has two thirds of its sessions; two days later it is whole, in a newer capture."""
    day = UNTIL - timedelta(days=5)
    for ahead in (0, 1, 2, 3):
        sandbox.set_clock(day + timedelta(days=ahead))
        extract(SPEC, settings, [day + timedelta(days=ahead)], f"run {ahead}")
    sandbox.set_clock(UNTIL)
    whole = fetched(SPEC, VISIT, Window(_midnight(day), _midnight(day + timedelta(days=1))))
    rows = raw_rows(settings, SPEC, VISIT, "day, record_id, fetched_at, payload")
    last = {row[1]: row[3] for row in rows if row[0] == day}
    assert {record.record_id: record.payload.decode() for record in whole} == last
    assert len([row for row in rows if row[0] == day]) > len(last)


def _midnight(day: Any) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def test_rows_without_their_dimensions_are_kept_on_the_last_day(sandbox: running_sandbox, settings: Settings) -> None:
    """Not even their day can be read then: no row of the answer is lost, and staging tells what is wrong."""
    days = Window(_midnight(UNTIL - timedelta(days=4)), _midnight(UNTIL + timedelta(days=1)))
    clean = fetched(SPEC, VISIT, days)
    sandbox.set_fault(":runReport", "drop_field", field="dimensionValues")
    extract(SPEC, settings, [UNTIL], "run")
    rows = raw_rows(settings, SPEC, VISIT, "day, record_id")
    assert {UNTIL} == {row[0] for row in rows}
    # What is left of two rows may be the same.
    assert 0 < len(rows) <= len(clean)
    assert all(str(row[1]).startswith("unreadable:") for row in rows)


def test_visits_without_a_company_are_not_asked_for(sandbox: running_sandbox) -> None:
    """(not set) is by far the largest part of any report, and says nothing of companies."""
    records: list[Record] = fetched(SPEC, VISIT, JUNE)
    assert records
    assert not any("(not set)" in record.record_id for record in records)
    with connect(SPEC) as reader:
        assert "is a dimension" in reader.check()
