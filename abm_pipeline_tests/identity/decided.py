"""A lake as a resolution leaves it, by hand: two Acmes that are one account, neighbours, and pairs that wait.

Account `acc_acme`: salesforce:001A (oldest) – hubspot:12 by domain and name, hubspot:12 – zoominfo:9 by phone, and
bombora:acme.de, which no link explains (its id there is the domain). `acc_cloud`: salesforce:001B, its child in the
CRM. `acc_globex`, `acc_initech`, `acc_umbrella` are compared with others and wait for review.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import duckdb

from abm_pipeline.contracts import tables as t
from abm_pipeline.contracts.render import empty_select, quoted
from abm_pipeline.contracts.tables import Table
from abm_pipeline.settings import Settings
from abm_pipeline.storage import engine
from abm_pipeline.storage.lake import now_ns
from abm_pipeline_tests.identity.staged import at, company, stage

DAY = date(2026, 3, 31)

COMPANIES = (
    company("001A", name="Acme GmbH", domain="acme.de", phone="+49 30 1234 5678", created_at=at("2020-01-01")),
    company("12", source="hubspot", name="Acme", domain="acme.de", created_at=at("2021-01-01")),
    company("9", source="zoominfo", name="ACME Deutschland", phone="030 12345678", created_at=at("2022-01-01")),
    company("acme.de", source="bombora", name="Acme", created_at=None),
    company("001B", name="Acme Cloud Ltd", domain="acme.de", parent_source_id="001A", employee_count=1200),
    company("001G", name="Globex & Söhne <AG>", domain="globex.com", country_code="DE", city="Köln"),
    company("77", source="hubspot", name="Globex Corporation", domain="globex.io", country_code="DE", city="Köln"),
    company("001I", name="Initech", domain="initech.com", country_code="US"),
    company("88", source="hubspot", name="Initech Ltd", domain="initech.co.uk", country_code="GB"),
    company("001U", name="Umbrella", domain="umbrella.com"),
)  # fmt: skip
ACCOUNTS = {
    "acc_acme": ("Acme GmbH", ["salesforce:001A", "hubspot:12", "zoominfo:9", "bombora:acme.de", "domain:acme.de"]),
    "acc_cloud": ("Acme Cloud Ltd", ["salesforce:001B"]),
    "acc_globex": ("Globex & Söhne <AG>", ["salesforce:001G", "domain:globex.com"]),
    "acc_globex2": ("Globex Corporation", ["hubspot:77", "domain:globex.io"]),
    "acc_initech": ("Initech", ["salesforce:001I", "domain:initech.com"]),
    "acc_initech2": ("Initech Ltd", ["hubspot:88", "domain:initech.co.uk"]),
    "acc_umbrella": ("Umbrella", ["salesforce:001U", "domain:umbrella.com"]),
}


def evidence(*pieces: tuple[str, str, float]) -> str:
    """Evidence as links keep it."""
    return json.dumps([{"what": what, "says": says, "weight": weight} for what, says, weight in pieces])


def pair(left: str, right: str, probability: float, weight: float, status: str, **more: Any) -> dict[str, Any]:
    """A row of the links or of what waits."""
    both = {"left_key": left, "right_key": right, "match_probability": probability, "match_weight": weight}
    return both | {"status": status, "snapshot_id": "snap", "match_rule": "evidence"} | more


LINK = (
    pair(
        "hubspot:12", "salesforce:001A", 0.999, 9.96, "joined",
        evidence=evidence(
            ("city", "other city", -2.0), ("domain", "same domain acme.de", 8.0), ("name", "same name", 7.5)
        ),
    ),
    pair("hubspot:12", "zoominfo:9", 0.97, 5.0, "joined", evidence=evidence(("name", "same rare name", 6.1))),
    # direct, but weaker than by way of hubspot:12
    pair("salesforce:001A", "zoominfo:9", 0.7, 1.2, "joined", evidence=evidence(("phone", "same phone", 9.0))),
    pair("salesforce:001A", "salesforce:001B", 0.99, 6.6, "refused", reason="parent and child in salesforce"),
    pair("hubspot:12", "salesforce:001B", 0.98, 5.6, "refused", reason="parent and child in salesforce"),
)  # fmt: skip
# Globex 0.62 and Initech 0.51 and Umbrella 0.9; a second pair of Globex; one that was answered.
REVIEW = (
    pair(
        "hubspot:77", "salesforce:001G", 0.62, 0.706, "review", left_account_id="acc_globex2",
        right_account_id="acc_globex", reason="domains differ",
        evidence=evidence(
            ("name", "same rare name", 8.106), ("city", "same city Köln", 3.2), ("domain", "other domain", -4.1)
        ),
    ),
    pair("hubspot:77", "domain:globex.com", 0.55, 0.3, "review", left_account_id="acc_globex2",
          right_account_id="acc_globex", evidence=None),
    pair("hubspot:88", "salesforce:001I", 0.51, 0.058, "review", left_account_id="acc_initech2",
          right_account_id="acc_initech", reason="countries differ", evidence=evidence(("name", "same name", 7.0))),
    pair("salesforce:001I", "salesforce:001U", 0.9, 3.17, "review", left_account_id="acc_initech",
          right_account_id="acc_umbrella", evidence=evidence(("phone", "same phone", 9.0))),
    pair("salesforce:001B", "salesforce:001U", 0.5, 0.0, "refused", left_account_id="acc_cloud",
          right_account_id="acc_umbrella", evidence=None),
)  # fmt: skip


def write_identity(
    settings: Settings, *, review: Sequence[Mapping[str, Any]] = REVIEW, with_metrics: bool = True
) -> None:
    """Fill the lake: companies, accounts, members, links and what waits.

    With metrics: pipeline 100,000 (Globex Corporation) and 25,000 (Acme), score 10 (Globex Corporation) and 30
    (Umbrella), spend 500 (Initech).
    """
    lake = settings.open_lake
    stage(lake, t.COMPANY, COMPANIES)
    members = [
        {"account_id": account, "source": source, "source_id": key, "match_rule": "own" if number == 0 else "evidence",
         "match_probability": 1.0, "is_manual": False, "snapshot_id": "snap"}
        for account, (_, keys) in ACCOUNTS.items()
        for number, (source, _, key) in enumerate(whole.partition(":") for whole in keys)
    ]  # fmt: skip
    parents = {"acc_cloud": "acc_acme"}
    accounts = [
        {"account_id": account, "name": name, "parent_account_id": parents.get(account),
         "ultimate_parent_id": parents.get(account, account), "employee_band": "unknown", "snapshot_id": "snap"}
        for account, (name, _) in ACCOUNTS.items()
    ]  # fmt: skip
    redirects = [{"old_account_id": "acc_old", "account_id": "acc_acme", "reason": "merged", "snapshot_id": "snap"}]
    with engine.connect() as con:
        for table, rows in (
            (t.MEMBER, members),
            (t.ACCOUNT, accounts),
            (t.REDIRECT, redirects),
            (t.LINK, LINK),
            (t.LINK_REVIEW, [{c: row.get(c) for c in t.LINK_REVIEW.columns} for row in review]),
        ):
            _fill(con, table, rows)
            lake.write_table(con, table, "SELECT * FROM filled", computed_at=now_ns())
        if with_metrics:
            values = {"program": "abm", "stage": "aware", "is_covered": True, "day": DAY}
            figures = [
                {"account_id": "acc_globex2", "open_pipeline": 100_000, "engagement_score": 10.0},
                {"account_id": "acc_acme", "open_pipeline": 25_000, "engagement_score": None},
                {"account_id": "acc_umbrella", "open_pipeline": None, "engagement_score": 30.0},
            ]
            _fill(con, t.ACCOUNT_METRICS_DAILY, [values | row for row in figures])
            lake.write_days(con, t.ACCOUNT_METRICS_DAILY, "SELECT * FROM filled", [DAY], computed_at=now_ns())
            spend = {"day": DAY, "source": "linkedin", "campaign_id": "c", "amount_reporting": 500}
            _fill(con, t.SPEND, [spend | {"spend_id": "s", "company_key": "domain:initech.com"}])
            lake.write_days(con, t.SPEND, "SELECT * FROM filled", [DAY], computed_at=now_ns())


def _fill(con: duckdb.DuckDBPyConnection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    con.execute(f"CREATE OR REPLACE TABLE filled AS {empty_select(table)}")
    for row in rows:
        names = ", ".join(map(quoted, row))
        con.execute(f"INSERT INTO filled ({names}) VALUES ({', '.join('?' * len(row))})", list(row.values()))
