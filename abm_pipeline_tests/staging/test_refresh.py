"""A refresh as a whole: nothing lost, nothing done twice, the same rows however the days are cut."""

from __future__ import annotations

import json
import random
from datetime import timedelta
from pathlib import Path

import pytest

from abm_pipeline.contracts import tables as T
from abm_pipeline.contracts.tables import STAGED
from abm_pipeline.staging import refresh

from .conftest import DAY, RawLake, account, campaign, member, opportunity, task
from .test_linkedin_bombora import delivery

NEXT = DAY + timedelta(days=1)
CAMPAIGN_URN = "urn:li:sponsoredCampaign:1"


def mess(lake: RawLake) -> None:
    """Thirty deals and tasks over three days, some of them broken, from a fixed seed."""
    draw = random.Random(5)
    for number in range(30):
        day = DAY + timedelta(days=draw.randrange(3))
        stamp = f"{day}T0{draw.randrange(10)}:00:00.000+0000"
        deal = opportunity(
            f"006{number}", SystemModstamp=stamp, CurrencyIsoCode=draw.choice(["EUR", "USD", "XTS", None])
        )
        if draw.random() < 0.2:
            del deal["StageName"]
        lake.put("salesforce", "opportunity", deal["Id"], deal, day=day, version=stamp)
        done = task(
            f"00T{number}", SystemModstamp=draw.choice([stamp, "soon"]), IsDeleted=draw.choice([False, "true", "no"])
        )
        lake.put("salesforce", "task", done["Id"], done, day=day, version=stamp)


def test_rows_in_are_staged_quarantined_or_duplicates(lake: RawLake) -> None:
    """30 deals and 30 tasks go in; every one is somewhere, and what is in quarantine has its payload."""
    mess(lake)
    days = [DAY + timedelta(days=i) for i in range(3)]
    reports = lake.stage(days)
    for table in (T.DEAL, T.ACTIVITY):
        report = reports[str(table)]
        staged = len(lake.rows(table, "day"))
        assert staged == sum(report.rows.values())
        assert 30 == report.notes["rows_in"] == staged + report.notes["quarantined"] + report.notes["duplicates"]
        assert 0 < report.notes["quarantined"] < 30
    quarantined = {(row[0], row[1]) for row in lake.quarantine()}
    assert 60 == len(quarantined) + len(lake.rows(T.DEAL, "day")) + len(lake.rows(T.ACTIVITY, "day"))
    payloads = lake.rows(T.QUARANTINE, "record_id", "payload", order="record_id")
    assert all(record_id == json.loads(payload)["Id"] for record_id, payload in payloads)


def test_a_second_run_changes_nothing(lake: RawLake) -> None:
    """Not a file is touched, also under another run id."""
    mess(lake)
    days = [DAY + timedelta(days=i) for i in range(3)]
    lake.stage(days)
    before = {path: path.stat().st_mtime_ns for path in Path(lake.lake.root).rglob("*.parquet")}
    reports = lake.stage(days, run_id="again")
    assert before == {path: path.stat().st_mtime_ns for path in Path(lake.lake.root).rglob("*.parquet")}
    assert [] == [day for report in reports.values() for day in report.changed]


def test_a_range_equals_its_days(tmp_path: Path) -> None:
    """Three days at once and one by one, the last first: the same rows, quarantine included."""
    days = [DAY + timedelta(days=i) for i in range(3)]
    results = []
    for name, runs in (("range", [days]), ("days", [[day] for day in reversed(days)])):
        lake = RawLake(tmp_path / name)
        mess(lake)
        for run in runs:
            lake.stage(run)
        tables = [table for table in (*STAGED, T.QUARANTINE) if lake.lake.days(table)]
        columns = {t: [c for c in t.columns if c not in ("run_id", "captured_at")] for t in tables}
        results.append({str(t): sorted(lake.rows(t, *columns[t], order="day"), key=str) for t in tables})
    assert results[0] == results[1]


def test_a_day_without_a_record_is_staged_empty(lake: RawLake) -> None:
    """The partition is there, so the day is known to be done, and every table has its columns."""
    lake.empty("salesforce", "task", DAY)
    reports = lake.stage()
    assert {DAY: 0} == dict(reports["staged.activity"].rows)
    assert [DAY] == lake.lake.days(T.ACTIVITY)
    assert [] == lake.rows(T.ACTIVITY, *T.ACTIVITY.columns)


def test_a_vendor_without_raw_contributes_nothing(lake: RawLake) -> None:
    """Salesforce alone is there: companies are its own, ad delivery has no partition and no row."""
    lake.put("salesforce", "account", "001A", account("001A"))
    reports = lake.stage()
    assert [("salesforce", "001A")] == lake.rows(T.COMPANY, "source", "source_id")
    assert {} == reports["staged.ad_delivery"].rows


def test_a_late_edit_is_a_new_version_on_its_own_day(lake: RawLake) -> None:
    """The task was edited a day later: both versions stand, each in the partition of its stamp."""
    stamps = {DAY: "2026-03-02T09:30:00.000+0000", NEXT: "2026-03-03T07:00:00.000Z"}
    for day, stamp in stamps.items():
        outcome = "Connected" if day == NEXT else None
        record = task("00TA", Type="Call", TaskSubtype="Call", CallDisposition=outcome, SystemModstamp=stamp)
        lake.put("salesforce", "task", "00TA", record, day=day, version=stamp)
        lake.stage([day])
    expected = [(DAY, "00TA", "call"), (NEXT, "00TA", "call_connected")]
    assert expected == lake.rows(T.ACTIVITY, "day", "source_id", "touch_type")


def test_a_day_whose_raw_rows_changed_is_staged_with_the_next(lake: RawLake) -> None:
    """A late record lands on yesterday: asked for today, yesterday is staged too, and no other day changes."""
    lake.put("salesforce", "account", "001A", account("001A"))
    lake.stage([DAY])
    lake.put("salesforce", "account", "001B", account("001B"))
    lake.empty("salesforce", "account", NEXT)
    changed = lake.stage([NEXT])["staged.company"].changed
    assert [DAY, NEXT] == list(changed)
    assert 2 == len(lake.rows(T.COMPANY, "day"))


def test_captures_of_one_version_collapse_to_the_newest(lake: RawLake) -> None:
    """Captured twice alike and once otherwise, all with one stamp: one row, the last one; two duplicates are told."""
    for version, name, fetched in (("a", "Acme", "03"), ("b", "Acme", "04"), ("c", "Acme Inc", "05")):
        record = account("001A", Name=name)
        lake.put("salesforce", "account", "001A", record, version=version, fetched=f"2026-03-03T{fetched}:00:00Z")
    notes = lake.stage()["staged.company"].notes
    assert [("Acme Inc",)] == lake.rows(T.COMPANY, "name")
    assert (3, 2) == (notes["rows_in"], notes["duplicates"])


def test_a_fix_releases_what_was_in_quarantine(tmp_path: Path) -> None:
    """Tier "Gold" is unknown; configured, the same day run again stages the row and empties the quarantine."""
    lake = RawLake(tmp_path / "home")
    lake.put("salesforce", "account", "001A", account("001A", ABM_Tier__c="Gold"))
    lake.stage()
    assert [("account", "001A", "unknown_value:tier")] == lake.quarantine()
    (tmp_path / "programme.yaml").write_text("salesforce: {tier_values: {Gold: one_to_one}}")
    fixed = RawLake(tmp_path / "home", config=tmp_path)
    fixed.stage()
    assert ([], [("001A", "one_to_one")]) == (fixed.quarantine(), fixed.rows(T.COMPANY, "source_id", "tier"))


def test_new_and_gone_fields_are_told(lake: RawLake) -> None:
    """A field of the vendor's that the contract has not, and one of the contract's that the vendor has not."""
    record = account("001A", Colour__c="red")
    del record["Website"]
    lake.put("salesforce", "account", "001A", record)
    notes = lake.stage()["staged.company"].notes
    assert "salesforce.account.Colour__c" == notes["undeclared_fields"]
    assert "salesforce.account.Website" in str(notes["absent_fields"]).split(", ")


def test_a_looked_up_record_that_changes_is_looked_up_again(lake: RawLake) -> None:
    """A response comes before its campaign is known: no touch. The campaign comes: the response's day is staged."""
    lake.put("salesforce", "campaign_member", "00vA", member("00vA"))
    lake.put("salesforce", "campaign_member", "00vB", member("00vB", CampaignId="701Z"), day=DAY - timedelta(days=1))
    lake.stage([DAY - timedelta(days=1), DAY])
    assert ("none", True) == lake.one(T.ACTIVITY, "00vA", "touch_type", "is_deleted")
    lake.put("salesforce", "campaign", "701A", campaign("701A"), day=NEXT)
    assert [DAY, NEXT] == list(lake.stage([NEXT])["staged.activity"].changed)
    assert ("webinar_attended", False) == lake.one(T.ACTIVITY, "00vA", "touch_type", "is_deleted")
    lake.put(
        "salesforce",
        "campaign",
        "701A",
        campaign("701A", Type="Web Form"),
        day=NEXT,
        version="v2",
        fetched="2026-03-05T00:00:00Z",
    )
    lake.stage([NEXT])
    assert ("form_fill", False) == lake.one(T.ACTIVITY, "00vA", "touch_type", "is_deleted")


def test_a_broken_version_of_a_looked_up_record_does_not_count(lake: RawLake) -> None:
    """The campaign's newest version has lost its name: it is in quarantine, and the one before still tells the type."""
    lake.put("salesforce", "campaign_member", "00vA", member("00vA"))
    lake.put("salesforce", "campaign", "701A", campaign("701A"))
    lake.stage()
    lake.put(
        "salesforce",
        "campaign",
        "701A",
        campaign("701A", Name=None, Type="Event"),
        day=NEXT,
        fetched="2026-03-05T00:00:00Z",
    )
    lake.stage([DAY, NEXT])
    assert ("webinar_attended",) == lake.one(T.ACTIVITY, "00vA", "touch_type")
    assert [("campaign", "701A", "null:Name")] == lake.quarantine()


def put_day(lake: RawLake, impressions: int, cost: str, fetched: str) -> None:
    """One capture of the ad day."""
    payload = delivery(CAMPAIGN_URN, impressions=impressions, clicks=1, costInUsd=cost)
    lake.put("linkedin", "ad_analytics_campaign", "c1", payload, version=fetched, fetched=fetched)


LOG = ("day", "key", "column", "value_first", "value_now", "reason")


def test_a_restated_day_keeps_the_newest_and_logs_the_difference(lake: RawLake) -> None:
    """100 impressions for 10 become 110 for 11: the row says 110, the log both changes, once however often it runs."""
    put_day(lake, 100, "10", "2026-03-03T04:00:00Z")
    lake.stage()
    put_day(lake, 110, "11", "2026-03-04T04:00:00Z")
    for _ in range(2):
        lake.stage()
    key = "linkedin:1:all:2026-03-02"
    expected = [
        (DAY, key, "impressions", "100", "110", "restated by source"),
        (DAY, key, "spend", "10.0000", "11.0000", "restated by source"),
    ]
    assert [(110,)] == lake.rows(T.AD_DELIVERY, "impressions")
    assert expected == lake.rows(T.RESTATEMENT, *LOG, order='"column"')


def test_the_log_of_captures_staged_together_is_the_same(lake: RawLake) -> None:
    """Three captures before the first refresh: 100, 110, 110 at another cost; each change against the first value."""
    for impressions, cost, day in ((100, "10", 3), (110, "10", 4), (110, "12", 5)):
        put_day(lake, impressions, cost, f"2026-03-0{day}T04:00:00Z")
    lake.stage()
    found = lake.rows(T.RESTATEMENT, "column", "value_first", "value_now", order="noticed_at")
    assert [("impressions", "100", "110"), ("spend", "10.0000", "12.0000")] == found


def test_single_tables_can_be_asked_for(lake: RawLake) -> None:
    """Only companies: nothing else is written; the rest comes with the next full run."""
    mess(lake)
    lake.put("salesforce", "account", "001A", account("001A"))
    reports = lake.stage([DAY], tables=[T.COMPANY])
    assert {"staged.company", "staged.restatement"} == set(reports)
    assert ([DAY], []) == (lake.lake.days(T.COMPANY), lake.lake.days(T.DEAL))
    assert [DAY] == list(lake.stage([DAY])["staged.deal"].changed)


def test_a_day_too_many_for_one_chunk(lake: RawLake, monkeypatch: pytest.MonkeyPatch) -> None:
    """Days are staged in chunks by size; with a chunk for every day the rows are the same."""
    mess(lake)
    days = [DAY + timedelta(days=i) for i in range(3)]
    lake.stage(days)
    rows = lake.rows(T.DEAL, "day", "source_id", "currency")
    monkeypatch.setattr(refresh, "CHUNK_ROWS", 1)
    reports = lake.stage(days)
    assert rows == lake.rows(T.DEAL, "day", "source_id", "currency")
    assert 30 == reports["staged.deal"].notes["rows_in"]
    assert [] == [day for report in reports.values() for day in report.changed]


def test_no_day_at_all(lake: RawLake) -> None:
    """Nothing asked and nothing stale: nothing happens."""
    lake.put("salesforce", "account", "001A", account("001A"))
    reports = lake.stage([])
    assert [] == [day for name, report in reports.items() if name != "staged.restatement" for day in report.changed]
