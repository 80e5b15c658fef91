"""What is Demandbase's own: jobs and their links, fields that are not there, spans of queries, codes of limits."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import orjson
import pytest

from abm_pipeline.programme import Programme
from abm_pipeline.sandbox.serve import running_sandbox
from abm_pipeline.settings import Settings
from abm_pipeline.sources._errors import Permanent, Retriable
from abm_pipeline.sources._spec import Window
from abm_pipeline.sources.demandbase import client as demandbase
from abm_pipeline.sources.extract import extract
from abm_pipeline_tests.sources.conftest import PROGRAMME, UNTIL, connect, fetched, only, raw_rows, stream_of

SPEC, ACCOUNT = stream_of("demandbase", "account")
_, INTENT = stream_of("demandbase", "intent")
JUNE = Window(datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC))
FILES = r"/demandbase/files/"


def programme(**told: Any) -> Programme:
    """The defaults with `sources.demandbase`."""
    return PROGRAMME.model_copy(update={"sources": {"demandbase": told}})


@pytest.mark.parametrize("fault", ["429", "500", "503_html", "cut_body", "down"])
def test_a_fault_in_mid_files_changes_nothing(sandbox: running_sandbox, fault: str) -> None:
    """The second file and a later request fail: the same accounts, none twice, none lost."""
    clean = fetched(SPEC, ACCOUNT, JUNE)
    sandbox.set_fault(FILES, fault, times=1, after=1)
    sandbox.set_fault(FILES, fault, times=1, after=2)
    assert clean == fetched(SPEC, ACCOUNT, JUNE)
    assert len(clean) > 2 * 8, "the export has files"


def test_files_are_asked_for_without_our_token(sandbox: running_sandbox) -> None:
    """The storage refuses a request that brings a token beside the link's own key; none does."""
    assert fetched(SPEC, ACCOUNT, JUNE)
    answer = sandbox.api("demandbase")
    assert answer.links


def test_links_that_ran_out_are_asked_for_anew(sandbox: running_sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """The links die after the first file: the job's status gives new ones, and the rest comes from them."""
    clean = [record.record_id for record in fetched(SPEC, ACCOUNT, JUNE)]
    with connect(SPEC) as client:
        pages = client.fetch(ACCOUNT, JUNE)
        found = [record.record_id for record in next(pages).records]
        sandbox.api("demandbase").links.clear()
        found += [record.record_id for page in pages for record in page.records]
    assert clean == found


def test_links_that_never_work_are_given_up(sandbox: running_sandbox) -> None:
    """Three times anew, then an error."""
    sandbox.configure("demandbase", link_seconds=-1.0)
    with connect(SPEC) as client, pytest.raises(Permanent, match="link to the file has run out"):
        list(client.fetch(ACCOUNT, JUNE))


def test_a_job_that_fails_is_an_error(sandbox: running_sandbox) -> None:
    """Nothing is stored of it."""
    sandbox.configure("demandbase", failing=True)
    with connect(SPEC) as client, pytest.raises(Permanent, match="the export job failed"):
        list(client.fetch(ACCOUNT, JUNE))


def test_fields_that_are_not_there_are_left_out_and_told(sandbox: running_sandbox) -> None:
    """An organisation names its stage otherwise: the job goes through without it."""
    chosen = programme(account_fields={"journey_stage": "stage__c", "city": None})
    with connect(SPEC, chosen) as client:
        record = next(client.fetch(ACCOUNT, JUNE)).records[0]
        assert {"fields_missing": "stage__c"} == dict(client.notes(ACCOUNT))
    assert set() == {"journeyStage", "stage__c", "city"} & set(orjson.loads(record.payload))


def test_small_spans_and_pages_give_what_large_ones_give(
    sandbox: running_sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked for week by week, one set at a time, three rows a page: each week once, though queries overlap."""
    large = sorted(fetched(SPEC, INTENT, JUNE))
    for name, value in (("DAYS_PER_QUERY", 5), ("SETS_PER_QUERY", 1), ("PAGE_SIZE", 3)):
        monkeypatch.setattr(demandbase, name, value)
    assert large == sorted(fetched(SPEC, INTENT, JUNE))
    assert {date(2026, 6, day) for day in (7, 14, 21, 28)} == {record.at for record in large}


def test_only_chosen_keyword_sets_are_asked_for(sandbox: running_sandbox) -> None:
    """One set by its id."""
    with connect(SPEC, programme(keyword_sets=[7304])) as client:
        records = [record for page in client.fetch(INTENT, JUNE) for record in page.records]
    assert {7304} == {orjson.loads(record.payload)["keywordSetId"] for record in records}


def test_a_corrected_week_is_kept_in_both_versions(sandbox: running_sandbox, settings: Settings) -> None:
    """The week to the 21st, as told on the 22nd and as told later: the newer capture of the same record."""
    spec, day = only(SPEC, "intent"), date(2026, 6, 21)
    sandbox.set_clock(date(2026, 6, 22))
    extract(spec, settings, [day], "then")
    then = len(raw_rows(settings, spec, INTENT))
    sandbox.set_clock(UNTIL)
    extract(spec, settings, [day], "now")
    rows = raw_rows(settings, spec, INTENT)
    assert len(rows) > then > 0


def test_a_key_set_without_the_intent_api_leaves_it_out(sandbox: running_sandbox, settings: Settings) -> None:
    """A note, and the accounts are stored."""
    sandbox.configure("demandbase", has_intent=False)
    reports = {report.stream: report for report in extract(SPEC, settings, [UNTIL], "run")}
    assert reports["account"].records > 0
    assert "does not include the Intent API" in str(reports["intent"].notes["skipped"])


def test_a_days_quota_is_not_waited_for(sandbox: running_sandbox) -> None:
    """429-101: an hour is more than a run waits; one try, and the code is told."""
    sandbox.configure("demandbase", quota=0)
    sandbox.requests.clear()
    with connect(SPEC) as client, pytest.raises(Retriable, match=r"429-101.*run again later"):
        list(client.fetch(ACCOUNT, JUNE))
    assert 1 == sandbox.requests["POST /demandbase/data/export/v1/job"]


def test_check_counts_fields(sandbox: running_sandbox) -> None:
    """Those that may be exported."""
    with connect(SPEC) as client:
        assert "11 account fields" == client.check()
