"""Compute the identity layer: accounts, members, persons, redirects, tier history, all from the whole of staged.

Belongs here: the order of steps and of writes. The rules are in `edges`, the ids in `cluster`, attributes in
`accounts`, and so on. Everything is a function of what is staged, so running days one by one ends where a range ends;
only redirects remember what was served before. `member` is written last: a run killed before it finds the same
snapshot before it, and so the same redirects, when run again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import duckdb

from abm_pipeline.contracts import tables as t
from abm_pipeline.contracts.fields import TIERS as TIER_ORDER
from abm_pipeline.identity import diff
from abm_pipeline.identity.accounts import ACCOUNTS, ATTRIBUTES, MEMBERS
from abm_pipeline.identity.cluster import cluster
from abm_pipeline.identity.edges import (
    ALIKE,
    COMPARABLE_NAMES,
    EDGES,
    LEGAL_FORMS,
    RECORDS,
    SHARED_DOMAIN_NAMES,
)
from abm_pipeline.identity.people import PEOPLE
from abm_pipeline.identity.tiers import TIERS
from abm_pipeline.identity.versions import latest
from abm_pipeline.programme import Programme
from abm_pipeline.settings import Settings
from abm_pipeline.storage.engine import connect, run_steps
from abm_pipeline.storage.lake import now_ns
from abm_pipeline.storage.report import TableReport

# Written in this order: see the module's docstring.
OUTPUTS = (
    (t.REDIRECT, "new_redirect"),
    (t.ACCOUNT, "new_account"),
    (t.PERSON, "new_person"),
    (t.TIER_HISTORY, "new_tier_history"),
    (t.MEMBER, "new_member"),
)


def refresh(settings: Settings, days: Sequence[date], run_id: str) -> list[TableReport]:
    """Resolve every company and person record staged so far; `days` is not needed, the tables are not daily.

    Returns one report a table, `changed` = (None,) where content changed. Notes of `member`: ids merged, split, gone
    and new since the snapshot before, records moved, domains that are shared or ambiguous, records without a live twin.
    """
    lake, stamp = settings.open_lake, now_ns()
    reports = []
    with connect(
        memory_limit=settings.memory_limit, threads=settings.threads, temp=settings.lake_path / ".spill"
    ) as con:
        for table in (t.COMPANY, t.COMPANY_CHANGE, t.CONTACT, t.MEMBER, t.REDIRECT):
            lake.attach(con, table)
        con.execute("CREATE TEMP TABLE old_member AS SELECT * FROM identity.member")
        con.execute("CREATE TEMP TABLE old_redirect AS SELECT * FROM identity.redirect")
        _params(con, settings.programme)
        run_steps(con, [latest(table) for table in (t.COMPANY, t.COMPANY_CHANGE, t.CONTACT)])
        run_steps(con, [*RECORDS, *EDGES])
        cluster(con)
        run_steps(con, [*MEMBERS, *ACCOUNTS, *PEOPLE, *TIERS, *diff.DIFF])
        notes = {t.MEMBER.name: diff.counts(con) | _domains(con), t.PERSON.name: _people(con)}
        for table, relation in OUTPUTS:
            changed = lake.write_table(con, table, f"SELECT * FROM {relation}", computed_at=stamp)
            (rows,) = con.execute(f"SELECT count(*) FROM {relation}").fetchall()[0]
            reports.append(TableReport(table, {None: int(rows)}, (None,) if changed else (), notes.get(table.name, {})))
    return reports


def _params(con: duckdb.DuckDBPyConnection, programme: Programme) -> None:
    believed = programme.precedence
    con.execute(
        """
        CREATE TEMP TABLE params AS SELECT
            ?::VARCHAR AS zone, ?::VARCHAR[] AS unusable_domains, ?::VARCHAR[] AS legal_forms, ?::VARCHAR[] AS sources,
            ?::VARCHAR[] AS tiers, ?::INTEGER AS shared_domain_names, ?::INTEGER AS comparable_names,
            ?::DOUBLE AS alike, ?::MAP(VARCHAR, VARCHAR[]) AS precedence
        """,
        [
            programme.reporting_timezone,
            [*programme.free_mail_domains, *programme.shared_domains],
            LEGAL_FORMS.split(),
            list(believed.default),
            list(TIER_ORDER),
            SHARED_DOMAIN_NAMES,
            COMPARABLE_NAMES,
            ALIKE,
            {name: list(believed.of(name)) for name in ATTRIBUTES}
            | {"tier": list(believed.tier or believed.default), "role": list(believed.role or believed.default)},
        ],
    )


def _domains(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Domains that join less than they seem to: shared by evidence, and owned by several accounts or by none."""
    shared, ambiguous = con.execute(
        """
        SELECT
            (SELECT count(*) FROM shared_domain),
            (SELECT count(DISTINCT key_domain) FROM record_account
                WHERE key_domain IS NOT NULL AND key_domain NOT IN (SELECT domain FROM domain_owner))
        """
    ).fetchall()[0]
    return {"domains_shared": int(shared), "domains_ambiguous": int(ambiguous)}


def _people(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    (unplaced, persons) = con.execute(
        "SELECT count(*) FILTER (account_id IS NULL), count(DISTINCT person_id) FROM new_person"
    ).fetchall()[0]
    return {"persons": int(persons), "persons_without_account": int(unplaced)}
