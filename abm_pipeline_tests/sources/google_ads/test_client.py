"""What is Google Ads' own: accounts under a manager, streams that break, page tokens, quota, versions."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import orjson
import pytest

from abm_pipeline.sandbox.google_ads import rest
from abm_pipeline.sandbox.google_ads.rows import ACCOUNTS
from abm_pipeline.sandbox.serve import running_sandbox
from abm_pipeline.settings import Settings
from abm_pipeline.sources import _http, credentials
from abm_pipeline.sources._errors import Permanent, Retriable
from abm_pipeline.sources._spec import Window
from abm_pipeline.sources.extract import extract
from abm_pipeline.sources.google_ads import client
from abm_pipeline_tests.sources.conftest import PROGRAMME, UNTIL, connect, fetched, only, raw_rows, stream_of

SPEC, DAY = stream_of("google_ads", "campaign_day")
CAMPAIGN = stream_of("google_ads", "campaign")[1]
JUNE = Window(datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC))


def test_every_account_under_the_manager_is_read_and_dead_ones_are_noted(sandbox: running_sandbox) -> None:
    """Three accounts in two levels have campaigns; managers are not asked, the cancelled one is counted."""
    with connect(SPEC) as google:
        rows = [orjson.loads(r.payload) for page in google.fetch(DAY, JUNE) for r in page.records]
        assert {"accounts_not_readable": 1} == google.notes(DAY)
    assert {str(account.ident) for account in ACCOUNTS} == {row["customer"]["id"] for row in rows}
    assert {a.currency for a in ACCOUNTS} == {row["customer"]["currencyCode"] for row in rows}


def test_small_slices_give_what_one_stream_gives(sandbox: running_sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """A month in slices of seven days: the same rows, each day asked for once."""
    clean = sorted(fetched(SPEC, DAY, JUNE))
    monkeypatch.setattr(client, "SLICE_DAYS", 7)
    cut = fetched(SPEC, DAY, JUNE)
    assert [r[:2] for r in clean] == sorted(r[:2] for r in cut)
    assert len(cut) == len({r.record_id for r in cut})


def test_a_stream_that_breaks_after_its_first_rows_is_asked_for_again(sandbox: running_sandbox) -> None:
    """Status 200, then an error as the last item of the array: nothing of it counts, and the next try is whole."""
    clean = [r[:2] for r in fetched(SPEC, DAY, JUNE)]
    sandbox.configure("google_ads", broken_streams=2)
    assert clean == [r[:2] for r in fetched(SPEC, DAY, JUNE)]
    assert 0 == sandbox.api("google_ads").broken_streams


def test_a_campaign_called_error_is_no_error(sandbox: running_sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """The word stands in a good answer: it is looked at, and used."""
    made = sandbox.api("google_ads").world.part("google_ads", lambda world: None).campaigns
    monkeypatch.setitem(made[0].__dict__, "names", ((0, '"error"'),))
    names = [orjson.loads(r.payload)["campaign"]["name"] for r in fetched(SPEC, CAMPAIGN, JUNE)]
    assert '"error"' in names


def test_a_page_token_that_dies_restarts_its_query(sandbox: running_sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second page is refused once (EXPIRED_PAGE_TOKEN): the query is asked anew, no record is lost."""
    clean = {r[:2] for r in fetched(SPEC, CAMPAIGN, JUNE)}
    real, refused = rest.read_token, []

    def once(token: str, query: str) -> int:
        if "FROM campaign" in query and "customer_client" not in query and not refused:
            refused.append(token)
            raise rest.gaql.GaqlError("EXPIRED_PAGE_TOKEN", "The page token is expired.", "requestError")
        return real(token, query)

    monkeypatch.setattr(rest, "read_token", once)
    assert clean == {r[:2] for r in fetched(SPEC, CAMPAIGN, JUNE)}
    assert 1 == len(refused)


@pytest.mark.parametrize(("delay", "tries"), [(30.0, 8), (9000.0, 1)])
def test_the_delay_that_google_asks_for_is_obeyed(
    sandbox: running_sandbox, monkeypatch: pytest.MonkeyPatch, delay: float, tries: int
) -> None:
    """Thirty seconds are waited for, hours are not: the run says to come back later."""
    waits: list[float | bool] = []
    real = _http._wait
    monkeypatch.setattr(_http, "_wait", lambda error, backoff: waits.append(error.retry_after) or real(error, backoff))
    sandbox.configure("google_ads", daily_operations=0, retry_delay=delay)
    with pytest.raises(Retriable, match=r"throttled.*HTTP 429, RESOURCE_EXHAUSTED"):
        fetched(SPEC, DAY, JUNE)
    assert {delay} == set(waits)
    assert tries in (len(waits), len(waits) + 1)


@pytest.mark.parametrize(
    ("env", "value", "told"),
    [
        ("ABM_GOOGLE_ADS_LOGIN_CUSTOMER_ID", "9999999999", r"HTTP 403, USER_PERMISSION_DENIED.*_LOGIN_CUSTOMER_ID"),
        ("ABM_GOOGLE_ADS_DEVELOPER_TOKEN", "wrong", r"HTTP 401, DEVELOPER_TOKEN_INVALID.*_DEVELOPER_TOKEN"),
        ("ABM_GOOGLE_ADS_VERSION", "v19", r"HTTP 400, UNSUPPORTED_VERSION.*_VERSION"),
        ("ABM_GOOGLE_ADS_VERSION", "v99", r"HTTP 404.*_VERSION"),
        ("ABM_GOOGLE_ADS_REFRESH_TOKEN", "wrong", r"login refused \(HTTP 400, invalid_grant\).*_REFRESH_TOKEN"),
    ],
)
def test_refusals_name_what_to_check(
    sandbox: running_sandbox, settings: Settings, monkeypatch: pytest.MonkeyPatch, env: str, value: str, told: str
) -> None:
    """Each wrong setting ends at once, with the variable in the message."""
    monkeypatch.setenv(env, value)
    with pytest.raises(Permanent, match=told):
        credentials.check(SPEC, settings)


def test_a_manager_id_with_dashes_is_taken(
    sandbox: running_sandbox, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The form in which Google shows it."""
    monkeypatch.setenv("ABM_GOOGLE_ADS_LOGIN_CUSTOMER_ID", "123-456-7890")
    assert "4 accounts under the manager" == credentials.check(SPEC, settings)


def test_conversions_that_come_later_restate_the_day_of_the_click(sandbox: running_sandbox, settings: Settings) -> None:
    """Ten days later the day is read again, as conversions still came in; both captures stay."""
    spec = only(SPEC, "campaign_day")
    first = UNTIL - timedelta(days=10)
    sandbox.set_clock(first)
    extract(spec, settings, [first], "run")
    before = raw_rows(settings, spec, DAY)
    sandbox.set_clock(UNTIL)
    report = extract(spec, settings, [UNTIL], "run")[0]
    assert {first, UNTIL} == set(report.changed)
    assert set(before) < set(raw_rows(settings, spec, DAY))


def test_the_conversion_window_is_the_programmes(sandbox: running_sandbox) -> None:
    """An account with a window of ninety days has as many days read again."""
    programme = PROGRAMME.model_copy(update={"sources": {"google_ads": {"conversion_window_days": 90}}})
    assert [0, 0, 90] == [stream.lookback_days for stream in SPEC.streams(programme)]
    assert 30 == DAY.lookback_days


def test_campaigns_are_stored_when_they_change(sandbox: running_sandbox, settings: Settings) -> None:
    """Pulled on four days, a campaign that was renamed or removed has two versions, the others one."""
    spec = only(SPEC, "campaign")
    for day in (date(2026, 6, 27), date(2026, 6, 28), date(2026, 6, 29), UNTIL):
        sandbox.set_clock(day)
        extract(spec, settings, [day], "run")
    versions: dict[object, int] = {}
    for (record,) in raw_rows(settings, spec, CAMPAIGN, "record_id"):
        versions[record] = versions.get(record, 0) + 1
    assert {1, 2} <= set(versions.values())
