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
from abm_pipeline.metrics._setup import WHO_DID
from abm_pipeline.metrics._spec import Part
from abm_pipeline.programme import Programme
from abm_pipeline.storage.engine import Step
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
        -- Told by numbers: there are as many versions as people, and they are put in order.
        SELECT hash(r.contact_key) AS record, hash(r.person_id) AS person, any_value(r.known_day) AS known_day,
               CAST(timezone(p.reporting_timezone, v.modified_at) AS DATE) AS day,
               arg_max(CASE WHEN v.is_deleted THEN 0 ELSE {_MASK} END, (v.modified_at, v.captured_at)) AS mask
        FROM staged.contact v JOIN person_unit r ON r.contact_key = v.source || ':' || v.source_id, params p
        GROUP BY ALL
    ),
    changed AS (
        SELECT person, mask, coalesce(lag(mask) OVER w, 0) AS mask_before,
               CASE WHEN lag(day) OVER w IS NULL THEN least(day, known_day) ELSE day END AS day
        FROM version WINDOW w AS (PARTITION BY record ORDER BY day)
    ),
    edge AS (
        SELECT person, day,
               {", ".join(f"sum((mask >> {i} & 1) - (mask_before >> {i} & 1)) AS f{i}" for i in range(len(_KNOWN)))}
        FROM changed WHERE mask <> mask_before GROUP BY person, day
    )
    SELECT person, day,
           {" + ".join(f"CASE WHEN sum(f{i}) OVER w > 0 THEN {1 << i} ELSE 0 END" for i in range(len(_KNOWN)))}
               AS fields
    FROM edge WINDOW w AS (PARTITION BY person ORDER BY day)
    """,
)
TALK = Kept(
    "talk",
    {"account_id": Type.TEXT, "person_id": Type.TEXT},
    key=("account_id", "person_id"),
    asked="SELECT day FROM touched",
    reads=lambda _: (Input(T.TOUCH), *WHO_DID),
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
    WITH stay AS (
        SELECT u.account_no, hash(s.person_id) AS person, s.stay_day, s.last_day
        FROM person_stay s JOIN firm u USING (account_id)
    ),
    edge AS (
        SELECT account_no, person, stay_day AS day, 1 AS records, CAST(NULL AS INTEGER) AS fields, 0 AS talks FROM stay
        UNION ALL
        SELECT account_no, person, last_day + 1, -1, NULL, 0 FROM stay WHERE last_day < DATE '9999-12-30'
        UNION ALL
        SELECT s.account_no, person, f.day, 0, f.fields, 0
        FROM (SELECT DISTINCT account_no, person FROM stay) s JOIN person_fields f USING (person)
        UNION ALL
        SELECT u.account_no, t.person, t.day, 0, NULL, 1
        FROM (SELECT account_id, hash(person_id) AS person, min(day) AS day FROM talk GROUP BY ALL) t
        JOIN firm u USING (account_id)
    ),
    state AS (
        SELECT account_no, person, day, sum(sum(records)) OVER w > 0 AS is_known,
               coalesce(last_value(max(fields) IGNORE NULLS) OVER w, 0) AS fields,
               sum(sum(talks)) OVER w > 0 AS is_connected
        FROM edge GROUP BY account_no, person, day
        WINDOW w AS (PARTITION BY account_no, person ORDER BY day)
    ),
    marked AS (
        SELECT account_no, person, day,
               CASE WHEN is_known THEN s.fields + CASE WHEN is_connected THEN {_CONNECTED_BIT} ELSE 0 END
                   + CASE WHEN s.fields & c.fields = c.fields THEN {_COMPLETE_BIT} ELSE 0 END ELSE 0 END AS mark
        FROM state s, complete_contact c
    ),
    stepped AS (
        SELECT account_no, day, mark,
               lag(mark, 1, 0) OVER (PARTITION BY account_no, person ORDER BY day) AS mark_before
        FROM marked
    ),
    change AS (
        SELECT account_no, day,
               {", ".join(f"sum((mark >> {i} & 1) - (mark_before >> {i} & 1)) AS {m}" for i, m in enumerate(_MEASURES))}
        FROM stepped WHERE mark <> mark_before GROUP BY account_no, day
    )
    SELECT account_no, day AS from_day, {", ".join(f"CAST(sum({m}) OVER w AS BIGINT) AS {m}" for m in _MEASURES)}
    FROM change WINDOW w AS (PARTITION BY account_no ORDER BY day)
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
            FROM (SELECT d.day, d.account_id, f.account_no FROM account_day d JOIN firm f USING (account_id)) a
            ASOF LEFT JOIN contact_level l ON l.account_no = a.account_no AND l.from_day <= a.day
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
