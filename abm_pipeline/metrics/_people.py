"""What is known of an account's people as of a day: complete records, and who has talked with us.

Belongs here: the part that contact_completeness and contact_connected_rate share. People are counted as in
`people_level` (which says how many are known): one for all records of a human, at the employer of the day, since the
first record. A field is known on a day if any record of the person that is not deleted has it then; the first version
that we have of a record stands for the time before it too.
"""

from __future__ import annotations

import duckdb

from abm_pipeline.contracts import tables as T
from abm_pipeline.contracts.fields import Type
from abm_pipeline.metrics._kept import Kept
from abm_pipeline.metrics._setup import IDENTITY
from abm_pipeline.metrics._spec import Part
from abm_pipeline.programme import Programme
from abm_pipeline.storage.engine import Step
from abm_pipeline.storage.journal import FACTS
from abm_pipeline.storage.lake import EVER, Input

TWO_WAY = ("email_reply", "call_connected", "meeting", "chat")
"""Touches that both sides took part in."""

CONTACT_FIELDS = ("name", "email", "title", "role", "phone")
_CONNECTED_BIT, _COMPLETE_BIT = 1 << len(CONTACT_FIELDS), 2 << len(CONTACT_FIELDS)
_KNOWN = {
    "name": "v.full_name IS NOT NULL",
    "email": "v.email_hash IS NOT NULL",
    "title": "v.title IS NOT NULL",
    "role": "v.role IS NOT NULL",
    "phone": "coalesce(v.phone_known, false)",
}
_MASK = " + ".join(f"CASE WHEN {_KNOWN[name]} THEN {1 << i} ELSE 0 END" for i, name in enumerate(CONTACT_FIELDS))


def _set_complete(con: duckdb.DuckDBPyConnection, programme: Programme) -> None:
    """Make `complete_contact`: the fields that a complete contact has, as a mask."""
    mask = sum(1 << CONTACT_FIELDS.index(name) for name in set(programme.market.complete_contact))
    con.execute("CREATE OR REPLACE TABLE complete_contact AS SELECT ?::INTEGER AS fields", [mask])


_PERSON_FIELDS = Step(
    "person_fields",
    "From a day on: which fields of a person are known. Each record says so from one version to the next.",
    f"""
    WITH version AS (
        SELECT r.person_id, v.source, v.source_id, r.known_day,
               CAST(timezone(p.reporting_timezone, v.modified_at) AS DATE) AS day,
               CASE WHEN v.is_deleted THEN 0 ELSE {_MASK} END AS mask
        FROM staged.contact v JOIN person_unit r ON r.contact_key = v.source || ':' || v.source_id, params p
        QUALIFY row_number() OVER (
            PARTITION BY v.source, v.source_id, CAST(timezone(p.reporting_timezone, v.modified_at) AS DATE)
            ORDER BY v.modified_at DESC, v.captured_at DESC
        ) = 1
    ),
    changed AS (
        SELECT person_id, mask, coalesce(lag(mask) OVER w, 0) AS mask_before,
               CASE WHEN lag(day) OVER w IS NULL THEN least(day, known_day) ELSE day END AS day
        FROM version WINDOW w AS (PARTITION BY source, source_id ORDER BY day)
    ),
    edge AS (
        SELECT person_id, day,
               {", ".join(f"sum((mask >> {i} & 1) - (mask_before >> {i} & 1)) AS f{i}" for i in range(len(_KNOWN)))}
        FROM changed WHERE mask <> mask_before GROUP BY person_id, day
    )
    SELECT person_id, day,
           {" + ".join(f"CASE WHEN sum(f{i}) OVER w > 0 THEN {1 << i} ELSE 0 END" for i in range(len(_KNOWN)))}
               AS fields
    FROM edge WINDOW w AS (PARTITION BY person_id ORDER BY day)
    """,
)
TALK = Kept(
    "talk",
    {"account_id": Type.TEXT, "person_id": Type.TEXT},
    key=("account_id", "person_id"),
    asked="SELECT day FROM touched",
    reads=lambda _: (Input(T.TOUCH), *(Input(table, way=FACTS) for table in IDENTITY if table is not T.TIER_HISTORY)),
    steps=(
        Step(
            "talk",
            "Who talked with us on a day, at the account of the day.",
            f"""
            SELECT DISTINCT t.day, r.account_id, r.person_id
            FROM facts.touch t SEMI JOIN days USING (day)
            JOIN person_at r ON r.contact_key = t.contact_key AND t.day BETWEEN r.from_day AND r.until_day
            WHERE t.touch_type IN ({", ".join(f"'{name}'" for name in TWO_WAY)}) AND r.account_id IS NOT NULL
            """,
        ),
    ),
)
_MEASURES = (*(f"has_{name}" for name in CONTACT_FIELDS), "connected", "complete")
_LEVEL = Step(
    "contact_level",
    "From a day on: how many of an account's people have each field, are connected, and are complete.",
    f"""
    WITH edge AS (
        SELECT account_id, person_id, stay_day AS day, 1 AS records, CAST(NULL AS INTEGER) AS fields, 0 AS talks
        FROM person_stay
        UNION ALL
        SELECT account_id, person_id, last_day + 1, -1, NULL, 0 FROM person_stay WHERE last_day < DATE '9999-12-30'
        UNION ALL
        SELECT s.account_id, person_id, f.day, 0, f.fields, 0
        FROM (SELECT DISTINCT account_id, person_id FROM person_stay) s JOIN person_fields f USING (person_id)
        UNION ALL
        SELECT account_id, person_id, min(day), 0, NULL, 1 FROM talk GROUP BY account_id, person_id
    ),
    state AS (
        SELECT account_id, person_id, day, sum(sum(records)) OVER w > 0 AS is_known,
               coalesce(last_value(max(fields) IGNORE NULLS) OVER w, 0) AS fields,
               sum(sum(talks)) OVER w > 0 AS is_connected
        FROM edge GROUP BY account_id, person_id, day
        WINDOW w AS (PARTITION BY account_id, person_id ORDER BY day)
    ),
    marked AS (
        SELECT account_id, person_id, day,
               CASE WHEN is_known THEN s.fields + CASE WHEN is_connected THEN {_CONNECTED_BIT} ELSE 0 END
                   + CASE WHEN s.fields & c.fields = c.fields THEN {_COMPLETE_BIT} ELSE 0 END ELSE 0 END AS mark
        FROM state s, complete_contact c
    ),
    stepped AS (
        SELECT account_id, day, mark,
               lag(mark, 1, 0) OVER (PARTITION BY account_id, person_id ORDER BY day) AS mark_before
        FROM marked
    ),
    change AS (
        SELECT account_id, day,
               {", ".join(f"sum((mark >> {i} & 1) - (mark_before >> {i} & 1)) AS {m}" for i, m in enumerate(_MEASURES))}
        FROM stepped WHERE mark <> mark_before GROUP BY account_id, day
    )
    SELECT account_id, day AS from_day, {", ".join(f"CAST(sum({m}) OVER w AS BIGINT) AS {m}" for m in _MEASURES)}
    FROM change WINDOW w AS (PARTITION BY account_id ORDER BY day)
    """,
)
PEOPLE = Part(
    "contact_day",
    prepare=_set_complete,
    choices=("market.complete_contact",),
    kept=(TALK,),
    once=(_PERSON_FIELDS, _LEVEL),
    reads=(Input(T.CONTACT, EVER),),
    steps=(
        Step(
            "contact_day",
            "What is known of each account's people on each day.",
            f"""
            SELECT a.day, a.account_id, coalesce(l.complete, 0) AS contacts_complete,
                   coalesce(l.connected, 0) AS contacts_connected,
                   {", ".join(f"coalesce(l.has_{name}, 0) AS has_{name}" for name in CONTACT_FIELDS)}
            FROM (SELECT day, account_id FROM account_day) a
            ASOF LEFT JOIN contact_level l ON l.account_id = a.account_id AND l.from_day <= a.day
            """,
        ),
    ),
    columns=("contacts_complete", "contacts_connected"),
)


def of_accounts(x: str, y: str) -> str:
    """SQL aggregates of the squares of a share of contacts Σx ÷ Σy, over accounts that have any: the contacts of one
    account are not independent."""
    return (
        f"count(*) FILTER ({y} > 0) AS units, CAST(sum({x} * {x}) AS BIGINT) AS sum_xx, "
        f"CAST(sum({x} * {y}) AS BIGINT) AS sum_xy, CAST(sum({y} * {y}) AS BIGINT) AS sum_yy"
    )
