"""The steps of people alone, over rows written by hand: what tests of persons start and end with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import duckdb

from abm_pipeline.contracts import tables as t
from abm_pipeline.contracts.render import DUCKDB, quoted
from abm_pipeline.contracts.tables import Table
from abm_pipeline.identity.people import PEOPLE
from abm_pipeline.identity.text import register_text_functions
from abm_pipeline.identity.versions import latest
from abm_pipeline.storage.engine import connect, run_steps
from abm_pipeline_tests.identity.staged import FLAGS, Row, at


@dataclass(frozen=True)
class Placed:
    """What identity says of a person record."""

    person: str
    account: str | None
    rule: str | None


@dataclass(frozen=True)
class Firms:
    """Accounts: by company record `source:id`, by owned domain, and what is below what."""

    companies: Mapping[str, str] = field(default_factory=lambda: {"salesforce:1": "A", "salesforce:2": "B"})
    domains: Mapping[str, str] = field(default_factory=lambda: {"acme.com": "A", "b.co.uk": "B"})
    parents: Mapping[str, str] = field(default_factory=dict)


def people(contacts: Iterable[Row], firms: Firms = Firms(), activities: Iterable[Row] = ()) -> dict[str, Placed]:
    """What is said of each contact, by `source:id`; of Salesforce, whose rows are unless told, by the bare id."""
    with connect() as con:
        register_text_functions(con)
        con.execute("CREATE SCHEMA staged")
        _write(con, "staged.contact", t.CONTACT, contacts)
        run_steps(con, [latest(t.CONTACT)])
        _write(con, "staged.activity", t.ACTIVITY, activities)
        con.execute("CREATE TEMP TABLE new_member (account_id VARCHAR, source VARCHAR, source_id VARCHAR)")
        con.execute("CREATE TEMP TABLE ultimate (account_id VARCHAR, ultimate_parent_id VARCHAR)")
        for key, account in [*firms.companies.items(), *((f"domain:{d}", a) for d, a in firms.domains.items())]:
            con.execute("INSERT INTO new_member VALUES (?, ?, ?)", [account, *key.split(":", 1)])
        for child, parent in firms.parents.items():
            con.execute("INSERT INTO ultimate VALUES (?, ?)", [child, parent])
        run_people(con)
        rows = con.execute(
            "SELECT source || ':' || source_id, person_id, account_id, match_rule FROM new_person ORDER BY ALL"
        ).fetchall()
    return {key.removeprefix("salesforce:"): Placed(who.removeprefix("salesforce:"), *rest) for key, who, *rest in rows}


def run_people(con: duckdb.DuckDBPyConnection) -> None:
    """Make `new_person` of `latest_contact`, `new_member`, `ultimate` and what is staged."""
    con.execute(
        "CREATE TEMP TABLE params AS SELECT 'UTC' AS zone, MAP {'role': ['salesforce', 'hubspot']} AS precedence"
    )
    con.execute("CREATE TEMP TABLE snapshot AS SELECT 'snap' AS snapshot_id")
    run_steps(con, PEOPLE)


def persons(contacts: Iterable[Row], firms: Firms = Firms()) -> set[frozenset[str]]:
    """The records of each person that has several."""
    found: dict[str, set[str]] = {}
    for key, placed in people(contacts, firms).items():
        found.setdefault(placed.person, set()).add(key)
    return {frozenset(keys) for keys in found.values() if len(keys) > 1}


def contact(source_id: str, name: str | None = None, mail: str | None = None, **values: Any) -> dict[str, Any]:
    """A contact; the hash of its address `mail` is the address itself. Of company 1, unless told."""
    source, _, rest = source_id.rpartition(":")
    row = {"source": source or "salesforce", "source_id": rest, "full_name": name, "company_source_id": "1"}
    if mail is not None:
        row |= {"email_hash": mail, "email_domain": mail.partition("@")[2]}
    return row | values


def _write(con: duckdb.DuckDBPyConnection, name: str, table: Table, rows: Iterable[Row]) -> None:
    columns = ", ".join(f"{quoted(f.name)} {DUCKDB[f.type]}" for f in table.fields())
    con.execute(f"CREATE TABLE {name} ({columns})")
    usual = {"source": "salesforce", "day": date(2025, 1, 1), "modified_at": at("2025-01-01"), "run_id": "r"}
    usual |= {"captured_at": at("2025-01-01")} | {flag: value for flag, value in FLAGS.items() if flag in table.columns}
    for row in rows:
        full = usual | dict(row)
        names = ", ".join(map(quoted, full))
        con.execute(f"INSERT INTO {name} ({names}) VALUES ({', '.join('?' * len(full))})", list(full.values()))
