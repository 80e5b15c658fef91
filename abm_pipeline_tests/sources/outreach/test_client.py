"""What is Outreach's own: refresh tokens that work once, ranges with both ends, next links, waits told as times."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlsplit

import pytest

from abm_pipeline.sandbox.serve import running_sandbox
from abm_pipeline.settings import Settings
from abm_pipeline.sources import credentials
from abm_pipeline.sources._errors import Permanent, Retriable
from abm_pipeline.sources._spec import Window
from abm_pipeline.sources.extract import ExtractError, extract
from abm_pipeline.sources.outreach import client
from abm_pipeline_tests.sources.conftest import PROGRAMME, UNTIL, fetched, only, stream_of

SPEC, MAILING = stream_of("outreach", "mailing")
CALLS = only(SPEC, "call")
EVER = Window(None, datetime(2026, 7, 1, tzinfo=UTC))


def test_a_second_run_logs_in_with_the_rotated_token(sandbox: running_sandbox, settings: Settings) -> None:
    """Each refresh token works once: the first run keeps the next one on disk, the second and third use it."""
    sandbox.configure("outreach", one_use=True)
    sandbox.api("outreach").used.clear()
    for run in ("first", "second", "third"):
        extract(CALLS, settings, [UNTIL], run)
    kept = credentials.required(SPEC, settings.home)[client.REFRESH]
    assert kept not in sandbox.api("outreach").used
    assert 3 == len(sandbox.api("outreach").used)


def test_a_crash_after_the_login_loses_no_token(
    sandbox: running_sandbox, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run dies at its first request for data: the token that the login gave is on disk, and the next run works."""
    sandbox.configure("outreach", one_use=True)
    sandbox.api("outreach").used.clear()
    with monkeypatch.context() as patch:
        patch.setattr(client.Client, "fetch", _killed)
        with pytest.raises(KeyboardInterrupt):
            extract(CALLS, settings, [UNTIL], "killed")
    report = extract(CALLS, settings, [UNTIL], "again")[0]
    assert report.records > 0


def _killed(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_token_that_expires_in_a_run_is_renewed_with_the_rotated_one(sandbox: running_sandbox) -> None:
    """Two logins in one run without a place to keep tokens: the second uses what the first was given."""
    sandbox.configure("outreach", one_use=True)
    sandbox.api("outreach").used.clear()
    sandbox.set_fault(r"/v2/mailings", "expired_token", times=1)
    assert fetched(SPEC, MAILING, EVER)
    assert 2 == len(sandbox.api("outreach").used)


def test_a_used_refresh_token_says_what_to_do(
    sandbox: running_sandbox, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Another home has used the token: the message names the variable and that somebody has to authorise again."""
    sandbox.configure("outreach", one_use=True)
    sandbox.api("outreach").used.clear()
    for name, works in (("one", True), ("other", False)):
        home = Settings(_env_file=None, home=tmp_path_factory.mktemp(name))
        if works:
            extract(CALLS, home, [UNTIL], "run")
        else:
            with pytest.raises(
                Permanent, match=r"invalid_grant.*ABM_OUTREACH_REFRESH_TOKEN works once.*authorise again"
            ):
                extract(CALLS, home, [UNTIL], "run")


def test_a_range_takes_in_both_its_ends(sandbox: running_sandbox) -> None:
    """A window ends before its end: of two that meet at a record's own stamp, only the later one has the record."""
    record = fetched(SPEC, MAILING, EVER)[-1]
    assert isinstance(record.at, datetime)
    before = Window(record.at - timedelta(hours=1), record.at)
    after = Window(record.at, record.at + timedelta(hours=1))
    assert record.record_id not in {r.record_id for r in fetched(SPEC, MAILING, before)}
    assert record.record_id in {r.record_id for r in fetched(SPEC, MAILING, after)}


def test_no_record_no_links(sandbox: running_sandbox) -> None:
    """An answer without records has no links object: the end, not an error."""
    assert [] == fetched(SPEC, MAILING, Window(None, datetime(2000, 1, 1, tzinfo=UTC)))


def test_a_next_link_to_another_host_is_not_followed_there(
    sandbox: running_sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only its query is used, on our own host: the token goes nowhere else."""
    monkeypatch.setattr(client, "PAGE_SIZE", 90)
    clean = fetched(SPEC, MAILING, EVER)
    monkeypatch.setattr(client, "urlsplit", lambda link: urlsplit(link.replace("127.0.0.1", "elsewhere.invalid")))
    assert clean == fetched(SPEC, MAILING, EVER)


def test_a_wait_told_as_a_time_is_kept(sandbox: running_sandbox) -> None:
    """503 with Retry-After as an ISO time two seconds after the vendor's own Date: two seconds."""
    sandbox.configure("outreach", outages=1000)
    with pytest.raises(Retriable, match="not available, 8 times") as caught:
        fetched(SPEC, MAILING, EVER)
    assert 2.0 == pytest.approx(caught.value.retry_after, abs=1.0)
    sandbox.configure("outreach", outages=1)
    assert fetched(SPEC, MAILING, EVER)


def test_the_hourly_limit_is_told(sandbox: running_sandbox) -> None:
    """429 with Retry-After in seconds; without one, the wait lasts until the hour is over, too long for a run here.

    The sandbox counts real hours, but its Date is the world's: months earlier.
    """
    sandbox.configure("outreach", per_hour=0)
    with pytest.raises(Retriable, match=r"throttled.*HTTP 429, rateLimitExceeded") as caught:
        fetched(SPEC, MAILING, EVER)
    assert 30.0 == caught.value.retry_after
    sandbox.configure("outreach", tells_wait=False)
    with pytest.raises(Retriable, match=r"throttled.*too long for a run"):
        fetched(SPEC, MAILING, EVER)


def test_a_missing_scope_fails_its_stream_and_is_named(sandbox: running_sandbox, settings: Settings) -> None:
    """403: the other streams are stored; the message names the scope."""
    sandbox.configure("outreach", without_scope="calls")
    with pytest.raises(
        ExtractError, match=r"outreach call: .*unauthorizedOauthScope.*lacks the scope calls.read"
    ) as caught:
        extract(only(SPEC, "call", "sequence"), settings, [UNTIL], "run")
    assert {"call"} == set(caught.value.failures)


def test_mails_come_without_their_text(sandbox: running_sandbox) -> None:
    """Neither body nor subject nor the mailbox's address is asked for."""
    payloads = b"".join(record.payload for record in fetched(SPEC, MAILING, EVER))
    assert not any(name in payloads for name in (b"bodyHtml", b"bodyText", b"subject", b"mailboxAddress"))


def test_deleted_prospects_stay_as_they_were_pulled(sandbox: running_sandbox, settings: Settings) -> None:
    """A purged prospect is absent from later answers; the lake keeps what was told before, in the bin first."""
    people = sandbox.world.part("outreach", lambda world: None).book.people
    gone = [int(at) // 86_400 for at in people.gone if at < 1 << 50]
    assert gone
    _, prospect = stream_of("outreach", "prospect")
    first = date(1970, 1, 1) + timedelta(days=min(day for day in gone if day > sandbox.world.calendar.start + 1))
    sandbox.set_clock(first - timedelta(days=1))
    before = {record.record_id for record in fetched(SPEC, prospect, EVER)}
    sandbox.set_clock(first)
    after = {record.record_id for record in fetched(SPEC, prospect, EVER)}
    assert before - after


def test_the_check_counts_accounts(sandbox: running_sandbox) -> None:
    """One cheap call."""
    accounts = fetched(*stream_of("outreach", "account"), EVER)
    assert f"{len(accounts)} accounts" == credentials.check(SPEC, Settings(_env_file=None))


def test_a_crm_that_does_not_exist_as_an_option_is_refused() -> None:
    """Options are checked: an unknown key is an error that names it."""
    programme = PROGRAMME.model_copy(update={"sources": {"outreach": {"cmr": "hubspot"}}})
    with pytest.raises(ValueError, match=r"sources.outreach: cmr"):
        SPEC.streams(programme)
