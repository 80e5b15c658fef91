"""People's way through the lead funnel, counted by account: who was where on a day, and who moved on after it.

Belongs here: the part of contact_conversion. A person is one for all records. Whoever is in a stage has been in those
before it, told or not. The stage after sql is the opportunity: the first deal of the account made on or after the day
the person became one (facts name no people of deals). A person is one of the account that employed them on the day, so
that who changes employer leaves that account's cohorts, and moves on at the new one only.

A person in stage s from day a until the day before b, when it reaches the next, is at the stage on the start days
a … b − 1, and moves on within W days of the start days b − W … b − 1: both are stretches of days, so that counting them
needs their ends alone.
"""

from __future__ import annotations

from abm_pipeline.contracts import tables as T
from abm_pipeline.metrics._spec import Part
from abm_pipeline.metrics._starts import STARTS, WINDOWS
from abm_pipeline.storage.engine import Step
from abm_pipeline.storage.lake import Input

FUNNEL = ("lead", "mql", "sql")
_KINDS = tuple(f"{what}_{stage}" for stage in FUNNEL for what in ("at", *(f"moved_{window}" for window in WINDOWS)))
_NEXT = {"lead": "mql", "mql": "sql", "sql": "deal"}
_AT = "\n        UNION ALL\n        ".join(
    f"SELECT account_id, 'at_{s}' AS kind, greatest({s}_day, from_day) AS starts, least({n}_day, end_day) AS ends "
    f"FROM person_funnel WHERE {s}_day IS NOT NULL"
    for s, n in _NEXT.items()
)
_MOVED = "\n        UNION ALL\n        ".join(
    f"SELECT account_id, 'moved_{w}_{s}', greatest({s}_day, {n}_day - {w}, from_day), {n}_day FROM person_funnel "
    f"WHERE {n}_day > from_day AND {n}_day < end_day"
    for s, n in _NEXT.items()
    for w in WINDOWS
)

FUNNEL_PART = Part(
    "funnel",
    needs=(STARTS,),
    reads=(Input(T.LEAD_STAGE),),
    once=(
        Step(
            "person_funnel",
            "Day on which each person reached each stage, or a later one, at each account that employed them, and from "
            "when to when it did.",
            """
            WITH entered AS (
                SELECT coalesce(r.person_id, l.contact_key) AS person_id, c.account_id AS of_company, l.stage,
                       CAST(timezone(p.reporting_timezone, l.entered_at) AS DATE) AS day
                FROM facts.lead_stage l
                LEFT JOIN person_unit r ON r.contact_key = l.contact_key
                LEFT JOIN company_unit c ON c.company_key = l.company_key, params p
            ),
            person AS (
                SELECT person_id, max(of_company) AS of_company, min(day) AS lead_day,
                       min(day) FILTER (stage IN ('mql', 'sql')) AS mql_day,
                       min(day) FILTER (stage = 'sql') AS sql_day
                FROM entered GROUP BY person_id
            ),
            employed AS (
                SELECT person_id, account_id, min(from_day) AS from_day, max(until_day) + 1 AS end_day
                FROM person_at WHERE account_id IS NOT NULL GROUP BY ALL
            ),
            placed AS (
                SELECT p.* EXCLUDE (of_company), e.account_id, e.from_day, e.end_day
                FROM person p JOIN employed e USING (person_id)
                UNION ALL
                SELECT p.* EXCLUDE (of_company), of_company, DATE '1900-01-01', DATE '9999-12-31'
                FROM person p ANTI JOIN employed USING (person_id) WHERE of_company IS NOT NULL
            )
            SELECT p.*, min(d.created_day) AS deal_day
            FROM placed p
            LEFT JOIN (SELECT DISTINCT account_id, created_day FROM deal) d
              ON d.account_id = p.account_id AND d.created_day >= greatest(p.sql_day, p.from_day)
            GROUP BY ALL
            """,
        ),
        Step(
            "funnel_level",
            "From a start day on: how many of an account's people are at each stage, and move on within each window.",
            f"""
            WITH span AS (
        {_AT}
        UNION ALL
        {_MOVED}
            ),
            edge AS (
                SELECT account_id, kind, starts AS day, 1 AS weight FROM span WHERE ends > starts
                UNION ALL
                SELECT account_id, kind, ends, -1 FROM span WHERE ends > starts AND ends < DATE '9999-12-31'
            ),
            change AS (
                SELECT account_id, day,
                       {", ".join(f"coalesce(sum(weight) FILTER (kind = '{k}'), 0) AS {k}" for k in _KINDS)}
                FROM edge GROUP BY account_id, day
            )
            SELECT account_id, day AS from_day, {", ".join(f"CAST(sum({k}) OVER w AS BIGINT) AS {k}" for k in _KINDS)}
            FROM change WINDOW w AS (PARTITION BY account_id ORDER BY day)
            """,
        ),
    ),
    steps=(
        Step(
            "funnel_start",
            "People of the accounts listed when a window begins, at each stage then, and those who move on within it.",
            f"""
            SELECT l.* EXCLUDE (start_day), v.stage, v.people, v.moved
            FROM listed_at_start l
            ASOF JOIN funnel_level f ON f.account_id = l.account_id AND f.from_day <= l.start_day,
            LATERAL (VALUES {
                ", ".join(
                    f"('{s}', f.at_{s}, CASE l.window_days "
                    + " ".join(f"WHEN {w} THEN f.moved_{w}_{s}" for w in WINDOWS)
                    + " END)"
                    for s in FUNNEL
                )
            }) v(stage, people, moved)
            """,
        ),
    ),
)
