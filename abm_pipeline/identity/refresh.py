"""Compute the identity layer: accounts, members, persons, redirects, links, tier history, from the whole of staged.

Belongs here: what the staged records tell the resolver, and the order of steps and of writes. Who is who is decided in
`rounds`, the ids in `ids`, attributes in `accounts`, and so on. Which records are together is a function of what is
staged and of people's decisions; only ids and redirects remember what was served before. `member` is written last: a
run killed before it finds the same snapshot before it, and so the same ids and redirects, when run again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import duckdb

from abm_pipeline.contracts import tables as t
from abm_pipeline.contracts.fields import TIERS as TIER_ORDER
from abm_pipeline.identity import decisions, diff, reach
from abm_pipeline.identity.accounts import ACCOUNTS, ATTRIBUTES, MEMBERS
from abm_pipeline.identity.evidence import explain_links
from abm_pipeline.identity.jobs import JOBS
from abm_pipeline.identity.people import PEOPLE
from abm_pipeline.identity.resolve import opened, resolve, take_records
from abm_pipeline.identity.tiers import TIERS
from abm_pipeline.identity.versions import latest
from abm_pipeline.programme import Programme
from abm_pipeline.settings import Settings
from abm_pipeline.storage.engine import Step, run_steps
from abm_pipeline.storage.lake import now_ns
from abm_pipeline.storage.report import TableReport

# Written in this order: see the module's docstring.
OUTPUTS = (
    (t.REDIRECT, "new_redirect"),
    (t.ACCOUNT, "new_account"),
    (t.PERSON_HISTORY, "new_person_history"),
    (t.PERSON, "new_person"),
    (t.TIER_HISTORY, "new_tier_history"),
    (t.LINK, "new_link"),
    (t.LINK_REVIEW, "new_link_review"),
    (t.WEAK_KEY, "new_weak_key"),
    (t.MEMBER, "new_member"),
)

_TOLD = (
    Step(
        "first_seen",
        "the day on which each company record was first captured",
        "SELECT source, source_id, min(day) AS first_day FROM staged.company GROUP BY ALL",
    ),
    Step(
        "told_by_people",
        "mail domains of each company's people, with how many of them",
        """
        SELECT source, company_source_id AS source_id,
            list(email_domain || ':' || people ORDER BY email_domain) AS domains
        FROM (
            SELECT source, company_source_id, email_domain, count(DISTINCT source_id) AS people
            FROM latest_contact
            WHERE NOT is_deleted AND company_source_id IS NOT NULL AND email_domain IS NOT NULL
            GROUP BY ALL
        ) GROUP BY ALL
        """,
    ),
    Step(
        "told",
        "company records as the resolver reads them",
        """
        SELECT
            c.source, c.source_id, c.name, c.website, c.domain, p.domains AS email_domains,
            CASE WHEN c.source = 'linkedin' AND c.linkedin_id IS NULL THEN c.source_id ELSE c.linkedin_id END
                AS linkedin_id,
            CASE WHEN c.same_as IS NOT NULL THEN [c.same_as] END AS xref,
            c.phone, c.country_code AS country, c.region, c.city, c.industry, c.employee_count,
            c.source || ':' || c.parent_source_id AS parent, c.created_at, c.modified_at, c.is_deleted,
            c.merged_into_source_id AS merged_into, timezone('UTC', f.first_day::TIMESTAMP) AS known_at
        FROM latest_company AS c JOIN first_seen AS f USING (source, source_id)
        LEFT JOIN told_by_people AS p USING (source, source_id)
        """,
    ),
)


def refresh(settings: Settings, days: Sequence[date], run_id: str) -> list[TableReport]:
    """Resolve every company and person record staged so far; `days` is not needed, the tables are not daily.

    Returns one report a table, `changed` = (None,) where content changed. Notes of `member`: ids merged, split, gone
    and new since the snapshot before, records moved, keys that are weak, domains between several accounts, pairs in
    review. Raises DecisionError if people's decisions contradict each other.
    """
    lake, stamp = settings.open_lake, now_ns()
    reports = []
    spill = settings.lake_path / ".spill"
    with opened(settings.memory_limit, spill, settings.threads, cluster=settings.cluster) as con:
        for table in (t.COMPANY, t.COMPANY_CHANGE, t.CONTACT, t.ACTIVITY, t.MEMBER, t.REDIRECT):
            lake.attach(con, table)
        con.execute("CREATE TEMP TABLE old_member AS SELECT * FROM identity.member")
        con.execute("CREATE TEMP TABLE old_redirect AS SELECT * FROM identity.redirect")
        con.execute(
            "INSERT INTO previous SELECT account_id, source, source_id FROM old_member WHERE source <> 'domain'"
        )
        people_decided = decisions.load(decisions.decisions_path(settings))
        decisions.register(con, people_decided)
        _params(con, settings.programme)
        run_steps(con, [*(latest(table) for table in (t.COMPANY, t.COMPANY_CHANGE, t.CONTACT)), *_TOLD])
        take_records(con, "told", settings.programme)
        why_full = resolve(con, folder=settings.lake_path / ".identity", programme=settings.programme)
        run_steps(con, [*MEMBERS, *ACCOUNTS, *PEOPLE, *JOBS, *TIERS, *diff.DIFF])
        explain_links(con)
        rules, whys = reach.rules(lake, settings.programme), diff.reasons(con, people_decided)
        notes: dict[str, dict[str, int | float | str]] = {
            t.MEMBER.name: {
                **diff.counts(con),
                **_doubts(con),
                "what_happened": whys[t.MEMBER],
                "decided": "what changed" if why_full is None else f"everything: {why_full}",
            },
            t.PERSON.name: {**_people(con)},
        }
        for table, relation in OUTPUTS:
            changed = lake.write_table(
                con,
                table,
                f"SELECT * FROM {relation}",
                computed_at=stamp,
                rule=rules.get(table),
                why=whys.get(table, ""),
            )
            (rows,) = con.execute(f"SELECT count(*) FROM {relation}").fetchall()[0]
            reports.append(TableReport(table, {None: int(rows)}, (None,) if changed else (), notes.get(table.name, {})))
    return reports


def _params(con: duckdb.DuckDBPyConnection, programme: Programme) -> None:
    believed = programme.precedence
    con.execute(
        """
        CREATE TEMP TABLE params AS SELECT
            ?::VARCHAR AS zone, ?::VARCHAR[] AS sources, ?::VARCHAR[] AS tiers, ?::MAP(VARCHAR, VARCHAR[]) AS precedence
        """,
        [
            programme.reporting_timezone,
            list(believed.default),
            list(TIER_ORDER),
            {name: list(believed.of(name)) for name in ATTRIBUTES}
            | {"tier": list(believed.tier or believed.default), "role": list(believed.role or believed.default)},
        ],
    )


def _doubts(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Domains that join less than they seem to: weak by evidence, and between several accounts; pairs in review."""
    shared, ambiguous, review = con.execute(
        """
        SELECT
            (SELECT count(*) FROM key_strength WHERE kind = 'domain' AND is_weak),
            (SELECT count(DISTINCT domain) FROM domain_claim WHERE domain NOT IN (SELECT domain FROM domain_owner)),
            (SELECT count(*) FROM new_link_review)
        """
    ).fetchall()[0]
    return {"domains_shared": int(shared), "domains_ambiguous": int(ambiguous), "pairs_in_review": int(review)}


def _people(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    (unplaced, persons) = con.execute(
        "SELECT count(*) FILTER (account_id IS NULL), count(DISTINCT person_id) FROM new_person"
    ).fetchall()[0]
    return {"persons": int(persons), "persons_without_account": int(unplaced)}
