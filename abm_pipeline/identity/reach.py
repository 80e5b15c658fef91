"""From which day on a new snapshot of who is who matters, so that only what it touches is computed again.

Belongs here: one rule for each identity table that days are computed from (see `storage.journal`). A record that moved
matters from the first day on which it has any fact: a touch, intent, a deal, spend, a cost, revenue. One that has none
matters to no day. So a new company or contact without history makes nothing stale, and a merge of two accounts only
the days since the first fact of the one that moved. Facts that arrive later make their own days stale.

What is read of an account itself (its name, its segments, which ad platforms know it) stands in the rows of all days
on which it has one: since the first fact of any of its records and people, or its first day on the list. Who counts
accounts by themselves reads them since the day their first record was made. How a record or person was matched is read
by no metric.
"""

from __future__ import annotations

from datetime import date

import duckdb

from abm_pipeline.contracts import tables as t
from abm_pipeline.contracts.fields import FIELDS, Type
from abm_pipeline.contracts.tables import Table
from abm_pipeline.programme import Programme
from abm_pipeline.storage.engine import Step, run_steps
from abm_pipeline.storage.journal import FACTS, KNOWN, ROWS, STRETCHES, Rule, Since, stretches
from abm_pipeline.storage.lake import Lake

# Columns of facts that name a company or a person.
_NAMES = {"company_key": "company", "referred_key": "company", "contact_key": "contact"}

_ACCOUNT_START = Step(
    "account_start",
    "the first day on which an account, or at the level of parents its family, has a row anywhere",
    """
    WITH own AS (
        SELECT m.account_id, f.day FROM (
            SELECT account_id, source || ':' || source_id AS key, 'company' AS kind FROM old_member
            UNION SELECT account_id, source || ':' || source_id, 'company' FROM new_member
            UNION SELECT account_id, source || ':' || source_id, 'contact' FROM identity.person
            UNION SELECT account_id, source || ':' || source_id, 'contact' FROM new_person
            UNION SELECT account_id, source || ':' || source_id, 'contact' FROM new_person_history
        ) AS m JOIN fact_start AS f USING (kind, key)
        UNION ALL
        SELECT account_id, CAST(timezone(p.zone, valid_from) AS DATE)
        FROM (SELECT account_id, valid_from FROM identity.tier_history
              UNION SELECT account_id, valid_from FROM new_tier_history) CROSS JOIN params AS p
    ),
    family AS (
        SELECT account_id, CASE WHEN $by_parent THEN ultimate_parent_id ELSE account_id END AS top
        FROM (SELECT account_id, ultimate_parent_id FROM identity.account
              UNION SELECT account_id, ultimate_parent_id FROM new_account)
        UNION SELECT account_id, account_id FROM old_member
    )
    SELECT f.account_id, min(o.day) AS day
    FROM family AS f JOIN family AS g USING (top) JOIN own AS o ON o.account_id = g.account_id
    GROUP BY f.account_id
    """,
)

_MEMBER = """
    WITH moved AS (
        SELECT o.account_id AS old_account_id, n.account_id AS new_account_id, source, source || ':' || source_id AS key
        FROM _old AS o FULL JOIN _new AS n USING (source, source_id)
        WHERE o.account_id IS DISTINCT FROM n.account_id
    )
    SELECT
        (SELECT min(f.day) FROM moved JOIN fact_start AS f ON f.kind = 'company' AND f.key = moved.key),
        (SELECT min(a.day) FROM moved JOIN account_start AS a ON a.account_id IN (old_account_id, new_account_id)
         WHERE source IN (SELECT source FROM ad_platform))
"""
_ACCOUNT = """
    WITH differing AS (
        SELECT account_id, o.ultimate_parent_id IS DISTINCT FROM n.ultimate_parent_id AS is_elsewhere,
            least(seen_day(o.is_there, o.first_seen_day), seen_day(n.is_there, n.first_seen_day)) AS seen_day
        FROM (SELECT * EXCLUDE (snapshot_id), true AS is_there FROM _old) AS o
        FULL JOIN (SELECT * EXCLUDE (snapshot_id), true AS is_there FROM _new) AS n USING (account_id)
        WHERE o IS DISTINCT FROM n
    )
    SELECT (SELECT min(a.day) FROM differing JOIN account_start AS a USING (account_id) WHERE is_elsewhere),
           (SELECT min(a.day) FROM differing JOIN account_start AS a USING (account_id)),
           (SELECT min(least(a.day, seen_day)) FROM differing LEFT JOIN account_start AS a USING (account_id))
"""
# Who is known is a person of an account from the first of its records there on, unless the one that stands for it is
# deleted; a second record of somebody known is nobody new. Who changed employer is told by `person_history`.
_PERSON = """
    WITH old_row AS (SELECT *, source || ':' || source_id AS key, known_day(created_at) AS day FROM _old),
    new_row AS (SELECT *, source || ':' || source_id AS key, known_day(created_at) AS day FROM _new),
    differing AS (
        SELECT key, least(o.day, n.day) AS known_day,
            (o.person_id, o.account_id, o.role, o.person_type)
                IS DISTINCT FROM (n.person_id, n.account_id, n.role, n.person_type)
                AND key NOT IN (SELECT key FROM mover) AS is_elsewhere
        FROM old_row AS o FULL JOIN new_row AS n USING (key)
        WHERE (o.person_id, o.account_id, o.role, o.person_type, o.created_at, o.is_deleted)
            IS DISTINCT FROM (n.person_id, n.account_id, n.role, n.person_type, n.created_at, n.is_deleted)
    ),
    old_known AS (
        SELECT account_id, person_id, min(day) AS day FROM old_row
        WHERE person_id IN (SELECT key FROM old_row WHERE NOT is_deleted) GROUP BY ALL
    ),
    new_known AS (
        SELECT account_id, person_id, min(day) AS day FROM new_row
        WHERE person_id IN (SELECT key FROM new_row WHERE NOT is_deleted) GROUP BY ALL
    )
    SELECT
        (SELECT min(f.day) FROM differing AS d JOIN fact_start AS f ON f.kind = 'contact' AND f.key = d.key
         WHERE is_elsewhere),
        (SELECT min(day) FROM (
            (FROM old_known EXCEPT FROM new_known) UNION ALL (FROM new_known EXCEPT FROM old_known))),
        (SELECT min(least(d.known_day, f.day)) FROM differing AS d
         LEFT JOIN fact_start AS f ON f.kind = 'contact' AND f.key = d.key)
"""
# Who is in no history is for ever where `person` says; `identity.person` is what it says by now.
_PERSON_HISTORY = """
    WITH old_job AS (
        SELECT *, source || ':' || source_id AS key FROM (
            SELECT source, source_id, person_id, account_id, role, valid_from_day, valid_to_day FROM _old
            UNION ALL
            SELECT source, source_id, person_id, account_id, role, DATE '1900-01-01', NULL FROM identity.person
            SEMI JOIN _new USING (source, source_id) ANTI JOIN _old USING (source, source_id)
        )
    ),
    new_job AS (
        SELECT *, source || ':' || source_id AS key FROM (
            SELECT source, source_id, person_id, account_id, role, valid_from_day, valid_to_day FROM _new
            UNION ALL
            SELECT source, source_id, person_id, account_id, role, DATE '1900-01-01', NULL FROM new_person
            SEMI JOIN _old USING (source, source_id) ANTI JOIN _new USING (source, source_id)
        )
    ),
    differing AS (
        SELECT key, min(CASE WHEN (o.person_id, o.account_id, o.role)
                IS NOT DISTINCT FROM (n.person_id, n.account_id, n.role)
                THEN least(o.valid_to_day, n.valid_to_day) ELSE valid_from_day END) AS day
        FROM old_job AS o FULL JOIN new_job AS n USING (key, valid_from_day)
        WHERE (o.person_id, o.account_id, o.role, o.valid_to_day)
            IS DISTINCT FROM (n.person_id, n.account_id, n.role, n.valid_to_day)
        GROUP BY key
    )
    SELECT
        (SELECT min(greatest(d.day, f.day)) FROM differing AS d
         JOIN fact_start AS f ON f.kind = 'contact' AND f.key = d.key),
        (SELECT min(greatest(d.day, least(f.day, known_day(p.created_at)))) FROM differing AS d
         LEFT JOIN fact_start AS f ON f.kind = 'contact' AND f.key = d.key
         LEFT JOIN (SELECT *, source || ':' || source_id AS key FROM new_person) AS p ON p.key = d.key)
"""
_WEAK_KEY = """
    SELECT min(f.day) FROM (
        SELECT key_value FROM (FROM _old WHERE key_kind = 'domain') AS o
        FULL JOIN (FROM _new WHERE key_kind = 'domain') AS n USING (key_value)
        WHERE o.key_kind IS NULL OR n.key_kind IS NULL
    ) AS k JOIN fact_start AS f ON f.kind = 'company' AND f.key = 'domain:' || k.key_value
"""


def rules(lake: Lake, programme: Programme) -> dict[Table, Rule]:
    """The rule of each identity table that has one, for `Lake.write_table`.

    They read `old_member`, the `new_` relations and `params` (zone) of the connection, and facts as they are now. Facts
    are looked at only if something changed, and once for all tables.
    """

    def rule(sql: str, *ways: str, of_accounts: bool = False) -> Rule:
        def found(con: duckdb.DuckDBPyConnection) -> Since:
            _find_starts(con, lake, programme)
            days: tuple[date | None, ...] = con.execute(sql).fetchall()[0]
            return dict(zip(ways, days, strict=True))

        return found

    def person(con: duckdb.DuckDBPyConnection) -> Since:
        since = rule(_PERSON, FACTS, KNOWN, ROWS)(con)
        known = [day for day in (since[FACTS], since[KNOWN]) if day is not None]
        return {**since, KNOWN: min(known, default=None)}

    def member(con: duckdb.DuckDBPyConnection) -> Since:
        since = rule(_MEMBER, FACTS, ROWS)(con)
        both = [day for day in since.values() if day is not None]
        return {**since, ROWS: min(both, default=None)}

    out: dict[Table, Rule] = {
        t.MEMBER: member,
        t.ACCOUNT: rule(_ACCOUNT, FACTS, KNOWN, ROWS),
        t.PERSON: person,
        t.PERSON_HISTORY: rule(_PERSON_HISTORY, FACTS, ROWS),
        t.WEAK_KEY: rule(_WEAK_KEY, ROWS),
    }
    if listed := stretches(t.TIER_HISTORY, programme.reporting_timezone):
        out[t.TIER_HISTORY] = listed
    return out


def _find_starts(con: duckdb.DuckDBPyConnection, lake: Lake, programme: Programme) -> None:
    """Make `fact_start`, `account_start`, `ad_platform` and `mover`: who is or was in `person_history`. Once."""
    if con.execute("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'account_start'").fetchall()[0][0]:
        return
    selects = []
    for table in (each for each in t.TABLES.values() if each.layer == "facts"):
        if names := [name for name in _NAMES if name in table.columns]:
            lake.attach(con, table)
            selects += [
                f"SELECT '{_NAMES[name]}' AS kind, {name} AS key, min({_day(table)}) AS day FROM {table} GROUP BY ALL"
                for name in names
            ]
    for table in (t.PERSON, t.PERSON_HISTORY, t.ACCOUNT, t.TIER_HISTORY, t.SPEND):
        lake.attach(con, table)
    con.execute(
        "CREATE OR REPLACE TEMP MACRO seen_day(is_there, first_seen_day) AS "
        "CASE WHEN is_there THEN coalesce(first_seen_day, DATE '1900-01-01') END"
    )
    con.execute(
        "CREATE OR REPLACE TEMP MACRO known_day(created_at) AS "
        "coalesce(CAST(timezone((SELECT zone FROM params), created_at) AS DATE), DATE '1900-01-01')"
    )
    movers = "SELECT source || ':' || source_id AS key FROM"
    run_steps(
        con,
        (
            Step(
                "fact_start",
                "the first day with a fact of each company and person",
                f"SELECT kind, key, min(day) AS day FROM ({' UNION ALL '.join(selects)}) WHERE key IS NOT NULL "
                "GROUP BY kind, key",
            ),
            Step("ad_platform", "sources that delivered ads", "SELECT DISTINCT source FROM facts.spend"),
            Step(
                "mover",
                "records of people who changed employer, by the snapshot before or this one",
                f"{movers} identity.person_history UNION {movers} new_person_history",
            ),
            Step(
                _ACCOUNT_START.name,
                _ACCOUNT_START.about,
                _ACCOUNT_START.sql.replace("$by_parent", str(programme.account_level == "parent")),
            ),
        ),
    )


def _day(table: Table) -> str:
    """SQL for the day since when a fact counts."""
    column = next((name for name in ("day", *STRETCHES) if name in table.columns), None)
    if column is None:
        return "DATE '0001-01-01'"
    is_instant = FIELDS[column].type is Type.TIMESTAMP
    return f"CAST(timezone((SELECT zone FROM params), {column}) AS DATE)" if is_instant else column
