"""Files as people write them, from the folder to canonical rows: versions, what is over, spellings, declarations."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any

import duckdb
import pytest

from abm_pipeline.contracts import tables as T
from abm_pipeline.contracts.tables import Table
from abm_pipeline.identity.refresh import refresh as resolve
from abm_pipeline.programme import ConfigError
from abm_pipeline.settings import Settings
from abm_pipeline.sources import _files
from abm_pipeline.sources._errors import Rejected
from abm_pipeline.sources.extract import ExtractError, extract
from abm_pipeline.sources.files import SPEC
from abm_pipeline.sources.files._declaration import declarations
from abm_pipeline.sources.files.client import Client
from abm_pipeline.staging.refresh import refresh

JUNE_1, JUNE_10 = date(2026, 6, 1), date(2026, 6, 10)
Write = Callable[..., None]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Write a file of the folder, last written to at nine on the day."""
    folder = tmp_path / "dropped"
    folder.mkdir()
    monkeypatch.setenv("ABM_FILES_PATH", str(folder))

    def to(name: str, text: str, day: date = JUNE_1, encoding: str = "utf-8") -> None:
        at = datetime(day.year, day.month, day.day, 9, tzinfo=UTC).timestamp()
        (folder / name).write_bytes(text.encode(encoding))
        os.utime(folder / name, (at, at))

    return to


def take(settings: Settings, day: date) -> None:
    """Pull and stage a day."""
    extract(SPEC, settings, [day], "run")
    refresh(settings, [day], "run")


def rows(settings: Settings, table: Table, columns: str, order: str = "ALL") -> list[tuple[Any, ...]]:
    """The newest version of every row."""
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        settings.open_lake.attach(con, table, name="found")
        newest = "source, source_id" if "modified_at" in table.columns else "ALL"
        if newest == "ALL":
            return con.execute(f"SELECT {columns} FROM found ORDER BY {order}").fetchall()
        return con.execute(
            f"SELECT {columns} FROM (FROM found QUALIFY row_number() OVER "
            f"(PARTITION BY {newest} ORDER BY modified_at DESC) = 1) ORDER BY {order}"
        ).fetchall()


def test_a_target_list_reaches_the_history_of_tiers(settings: Settings, write: Write) -> None:
    """On 1 June: Acme 1:1, no day said; Beta 1:Few since 15 January. On 10 June: Acme 1:Few, Beta missing, Gamma said
    to have been on the list from 1 May to 5 June. So Acme has two stays from 1 June on, Beta's ends on the 10th.
    """
    head = "Domain,Account ID,Company,Tier,Since,Until\n"
    write("target_list.csv", head + "https://www.Acme.com,,Acme,1:1,,\nbeta.io,,Beta,1:Few,2026-01-15,\n")
    take(settings, JUNE_1)
    write(
        "target_list.csv",
        head + "https://www.Acme.com,,Acme,1:Few,,\ngamma.org,,Gamma,1:Many,2026-05-01,2026-06-05\n",
        JUNE_10,
    )
    take(settings, JUNE_10)
    resolve(settings, [JUNE_10], "run")

    names = dict(rows(settings, T.ACCOUNT, "account_id, name"))
    stays = rows(settings, T.TIER_HISTORY, "account_id, tier, is_target, valid_from::DATE, valid_to::DATE")
    expected = [
        ("Acme", "one_to_few", True, JUNE_10, None),
        ("Acme", "one_to_one", True, JUNE_1, JUNE_10),
        ("Beta", "one_to_few", True, date(2026, 1, 15), JUNE_10),
        ("Gamma", "one_to_many", True, date(2026, 5, 1), date(2026, 6, 5)),
    ]
    assert expected == sorted((names[account], *stay) for account, *stay in stays)


def test_what_a_newer_version_lacks_is_over(settings: Settings, write: Write) -> None:
    """Of two receipts, written as finance writes them, one is corrected and one taken out nine days later."""
    head = "Datum;Category;Beleg;Betrag;Währung;Firma\n"
    write("costs_2026-05.csv", head + "31.05.2026;event;Messe;1.234,50;EUR;acme.com\n30.05.2026;tool;Doppelt;7;EUR;\n",
          encoding="cp1252")  # fmt: skip
    take(settings, JUNE_1)
    columns = "description, amount, currency, cost_day, domain, is_deleted"
    first = ("Messe", Decimal("1234.5000"), "EUR", date(2026, 5, 31), "acme.com", False)
    assert [("Doppelt", Decimal("7.0000"), "EUR", date(2026, 5, 30), None, False), first] == rows(
        settings, T.STAGED_COST, columns
    )
    write("costs_2026-05.csv", head + "31.05.2026;event;Messe;1.300,00;EUR;acme.com\n", JUNE_10, "cp1252")
    take(settings, JUNE_10)
    assert [("Doppelt", True), ("Messe", False)] == rows(settings, T.STAGED_COST, "description, is_deleted")
    assert Decimal("1300.0000") == dict(rows(settings, T.STAGED_COST, "description, amount"))["Messe"]


def test_a_bad_file_goes_in_at_no_line(settings: Settings, write: Write) -> None:
    """Three receipts, an amount in words on line 3, an unknown category on line 4: three problems nowhere but in
    quarantine, the other file's row stored, and doctor says the same until the file is corrected.
    """
    head = "Datum;Category;Beleg;Betrag;Währung;Firma\n"
    good = head + "31.05.2026;event;Messe;5,00;EUR;\n"
    write("costs_good.csv", good, encoding="cp1252")
    write("costs_bad.csv", good + "30.05.2026;tool;B;viel;EUR;\n30.05.2026;fun;C;3;EUR;\n", encoding="cp1252")
    with pytest.raises(
        ExtractError, match=r"1 of 2 files rejected whole: costs_bad.csv, line 3: not a number \(Betrag"
    ):
        extract(SPEC, settings, [JUNE_1], "run")
    refresh(settings, [JUNE_1], "run")
    assert [("Messe",)] == rows(settings, T.STAGED_COST, "description")
    expected = [
        ("cost", "costs_bad.csv:3:Betrag", "not_a_number:Betrag", "Betrag"),
        ("cost", "costs_bad.csv:4:Category", "unknown_value:Category", "Category"),
    ]
    assert expected == rows(settings, T.QUARANTINE, 'stream, record_id, rule, "column"')
    with pytest.raises(Rejected, match=r"costs_bad.csv, line 3"):
        _client(settings).check()
    write("costs_bad.csv", good, JUNE_10, encoding="cp1252")
    assert "2 files for 13 declarations" == _client(settings).check()
    take(settings, JUNE_10)


def test_people_go_on_as_hashes(settings: Settings, write: Write) -> None:
    """A committee member with a role in words of ours, and a badge scanned at a fair; no address is staged."""
    email = "Jo.Doe@Acme.com"
    hashed = sha256(email.lower().encode()).hexdigest()
    head = "Domain,Email,Name,Title,Role,Department,Reports To Email\n"
    write("committee_map.csv", head + f"acme.com,{email},Jo Doe,VP Data,champion,Data,boss@acme.com\n")
    write("activities_1.jsonl", '{"at":"2026-05-30T10:00:00+02:00","type":"event_attended","channel":"event",'
          f'"direction":"inbound","email":"{email}","company":null,"content":null,"outcome":null}}\n')  # fmt: skip
    take(settings, JUNE_1)
    assert [("committee:" + hashed, hashed, "acme.com", "champion")] == rows(
        settings, T.COMMITTEE_MAP, "contact_source_id, email_hash, domain, role"
    )
    assert {(hashed, "acme.com", None), ("committee:" + hashed, "acme.com", "champion")} == set(
        rows(settings, T.CONTACT, "source_id, email_domain, role")
    )
    at = datetime(2026, 5, 30, 8, tzinfo=UTC)
    assert [(hashed, None, at, "event_attended", False)] == rows(
        settings, T.ACTIVITY, "contact_source_id, domain, occurred_at, touch_type, is_exposure"
    )
    with duckdb.connect() as con:
        for table in (T.COMMITTEE_MAP, T.CONTACT, T.ACTIVITY):
            settings.open_lake.attach(con, table, name="x")
            assert "@" not in str(con.execute("SELECT * FROM x").fetchall())


def test_a_record_in_another_system_names_the_company(settings: Settings, write: Write) -> None:
    """Listed by Salesforce id: a company record that is the same as that one."""
    write("target_list.csv", "Domain,Account ID,Company,Tier,Since,Until\n,001A,Acme,1:1,,\n")
    take(settings, JUNE_1)
    assert [("list:ABM:salesforce:001A", "salesforce:001A", "one_to_one", True)] == rows(
        settings, T.COMPANY, "source_id, same_as, tier, is_target"
    )


def test_files_of_today_go_to_yesterday(settings: Settings, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """Today's partition can't be run yet; of an older range they are not."""
    monkeypatch.setattr(_files, "QUIET_SECONDS", 0)
    today = datetime.now(UTC).date()
    write("referrals.csv", "Date,Referred By,Company,Company Website\n2026-01-05,a.com,B,b.com\n", today)
    take(settings, today - timedelta(days=1))
    assert [("a.com", "b.com")] == rows(settings, T.REFERRAL, "domain, referred_domain")
    older = Settings(_env_file=None, home=settings.home / "older")
    take(older, JUNE_1)
    assert [] == rows(older, T.REFERRAL, "domain")


COST = "feeds: cost\nfiles: '*.csv'\ncolumns: {cost_category: {constant: tool}, amount: A, currency: C, cost_day: D}\n"


@pytest.mark.parametrize(
    ("yaml", "message"),
    [
        (COST.replace("cost\n", "costs\n", 1), r"files/mine.yaml: feeds: files can't feed 'costs'"),
        (COST.replace("'*.csv'", "/etc/*"), r"files/mine.yaml: files: must be a glob below ABM_FILES_PATH"),
        (COST.replace("amount: A", "amout: A"), r"files/mine.yaml: columns.amout: cost has company_id, domain"),
        (COST.replace("amount: A, ", ""), r"files/mine.yaml: columns.amount: cost needs it"),
        (COST.replace("amount: A", "amount: {}"), r"files/mine.yaml: columns.amount: say exactly one of field"),
        (COST.replace("amount: A", "amount: {file_name: 'x'}"), r"columns.amount.file_name: needs one group"),
        (COST + "key: [receipt]\n", r"files/mine.yaml: key: receipt is none of the columns"),
        (COST + "encoding: utf-99\n", r"files/mine.yaml: encoding: no encoding is called 'utf-99'"),
        (COST + "delimeter: ';'\n", r"files/mine.yaml: delimeter: Extra inputs are not permitted"),
        ("feeds: intent_signal\nfiles: x\ncolumns: {topic: T, signal_day: D}\n", r"needs one of company_id, domain"),
    ],
)
def test_a_wrong_declaration_is_told_with_file_and_key(tmp_path: Path, yaml: str, message: str) -> None:
    """Ten ways to be wrong."""
    (tmp_path / "config" / "files").mkdir(parents=True)
    (tmp_path / "config" / "files" / "mine.yaml").write_text(yaml)
    settings = Settings(_env_file=None, home=tmp_path, config=tmp_path / "config")
    with pytest.raises(ConfigError, match=message):
        declarations(settings.programme)


def test_a_file_of_the_same_name_replaces_a_template_and_an_empty_one_ends_it(tmp_path: Path) -> None:
    """`costs` is declared anew, `reviews` is switched off, the other eleven stay."""
    (tmp_path / "config" / "files").mkdir(parents=True)
    (tmp_path / "config" / "files" / "costs.yaml").write_text(COST)
    (tmp_path / "config" / "files" / "reviews.yaml").write_text("")
    known = declarations(Settings(_env_file=None, home=tmp_path, config=tmp_path / "config").programme)
    assert ("*.csv", 12, False) == (known["costs"].files, len(known), "reviews" in known)


def _client(settings: Settings) -> Client:
    return Client({"ABM_FILES_PATH": os.environ["ABM_FILES_PATH"]}, settings.programme)
