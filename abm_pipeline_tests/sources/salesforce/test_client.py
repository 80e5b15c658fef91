"""What is Salesforce's own: logins, sessions that end, quota, bulk jobs, fields an organisation lacks, ids."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest

from abm_pipeline.programme import Programme
from abm_pipeline.sandbox import credentials as known
from abm_pipeline.sandbox.serve import running_sandbox
from abm_pipeline.settings import Settings
from abm_pipeline.sources import credentials
from abm_pipeline.sources._errors import Permanent
from abm_pipeline.sources._spec import Window
from abm_pipeline.sources.extract import ExtractError, extract
from abm_pipeline.sources.salesforce._answers import long_id, usage
from abm_pipeline.sources.salesforce.client import _Query
from abm_pipeline.sources.salesforce.contract import OBJECTS, streams
from abm_pipeline_tests.sources.conftest import PROGRAMME, SPECS, UNTIL, connect, fetched, only, raw_rows, stream_of

SPEC, TASK = stream_of("salesforce", "task")
EVER = Window(None, datetime(2026, 7, 1, tzinfo=UTC))


@pytest.mark.parametrize("requests", [1, 3])
def test_sessions_that_end_all_the_time_lose_and_repeat_nothing(
    sandbox: running_sandbox, small_pages: None, requests: int
) -> None:
    """A locator dies with its session of one or three requests, so the query goes on from the last stamp."""
    clean = [record.record_id for record in fetched(SPEC, TASK, EVER)]
    sandbox.configure("salesforce", session_requests=requests)
    with connect(SPEC) as client:
        again = [record.record_id for page in client.fetch(TASK, EVER) for record in page.records]
        assert int(client.notes(TASK)["restarts"]) > 0
    assert clean == again
    assert len(clean) == len(set(clean))


def test_too_many_open_cursors_restart_the_query(
    sandbox: running_sandbox, small_pages: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten newer cursors push ours out (INVALID_QUERY_LOCATOR): the query is asked again, no row twice."""
    clean = [record.record_id for record in fetched(SPEC, TASK, EVER)]
    with connect(SPEC) as client:
        pages = client.fetch(TASK, EVER)
        again = [record.record_id for record in next(pages).records]
        for _ in range(10):
            next(client.fetch(TASK, EVER))
        again += [record.record_id for page in pages for record in page.records]
        assert 1 == client.notes(TASK)["restarts"]
    assert clean == again


def test_jwt_login(
    sandbox: running_sandbox, settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A private key and a user instead of a secret."""
    key = tmp_path / "key.pem"
    key.write_text(known.KEYS.pem()["private_key"])
    monkeypatch.delenv("ABM_SALESFORCE_CLIENT_SECRET")
    monkeypatch.setenv("ABM_SALESFORCE_USERNAME", known.SALESFORCE_USERNAME)
    monkeypatch.setenv("ABM_SALESFORCE_PRIVATE_KEY_FILE", str(key))
    assert "API calls left" in credentials.check(SPEC, settings)
    key.write_text("not a key")
    with pytest.raises(Permanent, match="the private key can't be read"):
        credentials.check(SPEC, settings)


def test_a_used_up_quota_is_not_waited_for(sandbox: running_sandbox, settings: Settings) -> None:
    """403 with TotalRequests: no retry helps in this run, and the message says what does."""
    sandbox.configure("salesforce", daily_requests=sandbox.api("salesforce").sessions.used + 3)
    before = sum(sandbox.requests.values())
    with pytest.raises(ExtractError, match="no API calls left") as caught:
        extract(only(SPEC, "account", "task", "user"), settings, [UNTIL], "run")
    assert "raise the quota" in str(caught.value)
    assert sum(sandbox.requests.values()) - before < 9


def test_bulk_and_rest_give_the_same_records(
    sandbox: running_sandbox, small_pages: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A large window goes through a job: same ids, versions, fields and values, as text, null for nothing."""
    by_rest = {(r.record_id, r.version, r.at): orjson.loads(r.payload) for r in fetched(SPEC, TASK, EVER)}
    monkeypatch.setenv("ABM_SALESFORCE_BULK_THRESHOLD", "100")
    with connect(SPEC) as client:
        by_bulk = {
            (r.record_id, r.version, r.at): orjson.loads(r.payload)
            for page in client.fetch(TASK, EVER)
            for r in page.records
        }
        assert "yes" == client.notes(TASK)["bulk"]
    assert by_rest.keys() == by_bulk.keys()
    for key, row in by_rest.items():
        row.pop("attributes")
        assert {name: _as_bulk(value) for name, value in row.items()} == by_bulk[key]


def _as_bulk(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value.replace("+0000", "Z") if value else None
    return str(value).lower() if isinstance(value, bool) else str(value)


@pytest.mark.parametrize("fault", ["429", "500", "cut_body", "expired_token"])
def test_bulk_results_survive_faults(
    sandbox: running_sandbox, small_pages: None, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    """A page of results that fails is read again; a new token does not end the job."""
    clean = sorted(record.record_id for record in fetched(SPEC, TASK, EVER))
    monkeypatch.setenv("ABM_SALESFORCE_BULK_THRESHOLD", "100")
    sandbox.set_fault(r"/jobs/query/\w+/results", fault, times=1, after=1)
    assert clean == sorted(record.record_id for record in fetched(SPEC, TASK, EVER))


def test_what_bulk_refuses_comes_by_rest(sandbox: running_sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Dated exchange rates have no bulk API: the job is refused, the rows come all the same."""
    _, rates = stream_of("salesforce", "dated_conversion_rate")
    clean = fetched(SPEC, rates, EVER)
    monkeypatch.setenv("ABM_SALESFORCE_BULK_THRESHOLD", "1")
    with connect(SPEC) as client:
        rows = [record for page in client.fetch(rates, EVER) for record in page.records]
        assert "INVALIDENTITY" == client.notes(rates)["bulk_refused"]
    assert clean == rows


def test_fields_an_organisation_lacks_are_left_out_and_told(sandbox: running_sandbox) -> None:
    """A custom field that is not there must not fail the whole query, as asking for it would."""
    names = PROGRAMME.salesforce.model_copy(update={"tier": "No_Such_Tier__c"})
    programme: Programme = PROGRAMME.model_copy(update={"salesforce": names})
    account = streams(programme)[0]
    with connect(SPEC, programme) as client:
        rows = [record for page in client.fetch(account, EVER) for record in page.records]
        assert "No_Such_Tier__c" in str(client.notes(account)["fields_missing"])
    assert rows


def test_deleted_records_come_too(sandbox: running_sandbox) -> None:
    """queryAll reads the bin, so a deletion is a change of its day, until the bin is emptied after 15 days."""
    names = ("account", "contact", "task", "opportunity_contact_role", "opportunity_history")
    streams = [stream for stream in SPEC.streams(PROGRAMME) if stream.name in names]
    try:
        for weeks in range(10):
            sandbox.set_clock(UNTIL - timedelta(weeks=weeks))
            if any(b'"IsDeleted":true' in r.payload for stream in streams for r in fetched(SPEC, stream, EVER)):
                return
    finally:
        sandbox.set_clock(UNTIL)
    pytest.fail("nothing was deleted in ten weeks")


def test_first_load_takes_everything_and_later_days_only_theirs(sandbox: running_sandbox, settings: Settings) -> None:
    """An empty lake: all older records stand in the first day asked for. Then a day brings its own changes only."""
    spec = only(SPEC, "task")
    first = UNTIL - timedelta(days=3)
    extract(spec, settings, [first], "run")
    loaded = raw_rows(settings, spec, TASK, "day, count(*) OVER ()")
    expected = len([r for r in fetched(SPEC, TASK, EVER) if str(r.at)[:10] <= str(first)])
    assert {(first, expected)} == set(loaded)
    reports = extract(spec, settings, [UNTIL], "run")
    stamps = [r.at for r in fetched(SPEC, TASK, EVER) if str(r.at)[:10] == str(UNTIL)]
    assert {UNTIL: len(stamps)} == reports[0].rows


def test_the_day_is_the_reporting_zones(sandbox: running_sandbox, settings: Settings) -> None:
    """In Auckland, a change at 13:00 UTC belongs to the next day."""
    zoned = settings.model_copy()
    zoned.__dict__["programme"] = PROGRAMME.model_copy(update={"reporting_timezone": "Pacific/Auckland"})
    spec = only(SPEC, "task")
    days = [UNTIL - timedelta(days=back) for back in range(4)]
    extract(spec, zoned, days, "run")
    rows = raw_rows(zoned, spec, TASK, "day, version")
    for day, version in rows:
        stamp = datetime.fromisoformat(str(version))
        local = (stamp + timedelta(hours=12)).date()  # New Zealand has no summer time in June
        assert day == max(local, min(days))


def test_usage_header_in_all_its_forms() -> None:
    """The short form, one with bursts, one with the application's own share, and none."""
    form = "Sforce-Limit-Info"
    assert (10018, 100000) == usage({form: "api-usage=10018/100000"})
    assert (10018, 100000) == usage({form: "api-usage=10018/100000; api-bursts=1/750"})
    assert (25, 5000) == usage({form: "api-usage=25/5000; per-app-api-usage=17/250(appName=sample-connected-app)"})
    assert (25, 5000) == usage({form: "per-app-api-usage=17/250(appName=x); api-usage=25/5000"})
    assert usage({}) is None


def test_long_ids() -> None:
    """15 characters get three more: 003RO0000035WQg -> YAM, as in Salesforce's own example; 18 stay."""
    assert "003RO0000035WQgYAM" == long_id("003RO0000035WQg")
    assert "003RO0000035WQgYAM" == long_id("003RO0000035WQgYAM")


def test_recorded_record() -> None:
    """A row as Salesforce's API documents it, by REST and by Bulk: one id, one version, payload untouched."""
    query = _Query(OBJECTS["contact"], "Id", [], EVER.end)
    rest = {
        "attributes": {"type": "Contact", "url": "/services/data/v67.0/sobjects/Contact/003RO0000035WQgYAM"},
        "Id": "003RO0000035WQgYAM",
        "Name": "John Smith",
        "SystemModstamp": "2020-10-22T21:03:23.000+0000",
    }
    bulk = {"Id": "003RO0000035WQgYAM", "Name": "John Smith", "SystemModstamp": "2020-10-22T21:03:23.000Z"}
    one, two = query.records([rest])[0], query.records([bulk])[0]
    assert ("003RO0000035WQgYAM", "2020-10-22T21:03:23.000Z", datetime(2020, 10, 22, 21, 3, 23, tzinfo=UTC)) == one[:3]
    assert one[:3] == two[:3]
    assert rest == orjson.loads(one.payload)


def test_status_needs_one_way_to_log_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """Off without credentials, on with a secret or with user and key, else incomplete, naming what is missing."""
    spec = SPECS["salesforce"]
    assert "on" == credentials.status(spec).state
    monkeypatch.delenv("ABM_SALESFORCE_CLIENT_SECRET")
    assert credentials.Status("incomplete", ("ABM_SALESFORCE_CLIENT_SECRET",)) == credentials.status(spec)
    monkeypatch.setenv("ABM_SALESFORCE_USERNAME", "u")
    monkeypatch.setenv("ABM_SALESFORCE_PRIVATE_KEY_FILE", "k")
    assert "on" == credentials.status(spec).state
    for name in ("BASE_URL", "CLIENT_ID", "USERNAME", "PRIVATE_KEY_FILE"):
        monkeypatch.delenv(f"ABM_SALESFORCE_{name}")
    assert "off" == credentials.status(spec).state
    Path(".env").write_text("ABM_SALESFORCE_CLIENT_ID=from-file\n")
    assert "incomplete" == credentials.status(spec).state
