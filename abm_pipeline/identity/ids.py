"""Account ids: what groups of records are called, for good.

In: `rec`, `member`, and `previous` (account_id, source, source_id) of the resolution before, empty the first time. Out:
`record_account`, the account of every record.

A new group's id is a hash of its oldest record (by `known_at`: the source's own creation stamp, else when it was first
seen), which depends on nothing but the records: not on their order, nor on how a history is cut into runs. An id that
was served is kept: of several that a group's records had, it keeps the one made of its oldest record, else the one that
most of them had; of several groups with records of one id, likewise. So an older record that turns up late, or a new
source, changes no id.
"""

from __future__ import annotations

from abm_pipeline.storage.engine import Step

_KEEPS = "account_id = hashed DESC, records DESC, first_key"

IDS = (
    Step(
        "eldest",
        "the oldest record of each group, and the id made of it",
        """
        SELECT *, 'acc_' || substr(sha256(record_key), 1, 16) AS hashed FROM (
            SELECT m.node, arg_min(r.record_key, (r.known_at IS NULL, r.known_at, r.rank, r.record_key)) AS record_key
            FROM member AS m JOIN (
                SELECT rec.*, coalesce(list_position(p.sources, rec.source), 999) AS rank
                FROM rec CROSS JOIN id_params AS p
            ) AS r USING (id)
            GROUP BY m.node
        )
        """,
    ),
    Step(
        "claim",
        "how many records of each group had each earlier id",
        """
        SELECT c.*, e.hashed FROM (
            SELECT m.node, p.account_id, count(*) AS records, min(r.record_key) AS first_key
            FROM previous AS p JOIN rec AS r USING (source, source_id) JOIN member AS m ON m.id = r.id
            GROUP BY ALL
        ) AS c JOIN eldest AS e USING (node)
        """,
    ),
    Step(
        "kept_id",
        "the id that each group keeps: each id stays with one group, each group keeps one id",
        f"""
        SELECT node, account_id
        FROM (SELECT * FROM claim QUALIFY row_number() OVER (PARTITION BY account_id ORDER BY {_KEEPS}) = 1)
        QUALIFY row_number() OVER (PARTITION BY node ORDER BY {_KEEPS}) = 1
        """,
    ),
    Step(
        "group_id",
        "the id of each group; where the hash of its oldest record is another group's id, one more hash",
        """
        SELECT e.node, e.record_key AS eldest_key, coalesce(
            k.account_id,
            CASE WHEN t.account_id IS NULL THEN e.hashed
                ELSE 'acc_' || substr(sha256(e.record_key || ' beside ' || e.hashed), 1, 16) END
        ) AS account_id
        FROM eldest AS e LEFT JOIN kept_id AS k USING (node) LEFT JOIN kept_id AS t ON t.account_id = e.hashed
        """,
    ),
    Step(
        "record_account",
        "records with their account; `is_oldest` is the one that stands for it",
        """
        SELECT g.account_id, r.record_key = g.eldest_key AS is_oldest, m.node, r.*
        FROM member AS m JOIN rec AS r USING (id) JOIN group_id AS g USING (node)
        """,
    ),
)

MATCHES = (
    Step(
        "joined_by",
        "by what each record was joined to its account, and how sure that is",
        """
        WITH direct AS (
            SELECT id, arg_min(match_rule, place) AS match_rule FROM (
                SELECT left_id AS id, match_rule, list_position(
                    ['decision', 'crm_merge', 'same_as', 'domain', 'linkedin_id', 'duns', 'phone'], match_rule) AS place
                FROM joined WHERE round < 0
                UNION ALL
                SELECT right_id, match_rule, list_position(
                    ['decision', 'crm_merge', 'same_as', 'domain', 'linkedin_id', 'duns', 'phone'], match_rule)
                FROM joined WHERE round < 0
            ) GROUP BY id
        ),
        first_join AS (
            SELECT atom, arg_min(bits, (round, -bits)) AS bits FROM (
                SELECT a.node AS atom, j.bits, j.round
                FROM joined AS j JOIN atom AS a ON a.id = j.left_id WHERE j.round >= 0
                UNION ALL
                SELECT a.node, j.bits, j.round FROM joined AS j JOIN atom AS a ON a.id = j.right_id WHERE j.round >= 0
            ) GROUP BY atom
        )
        SELECT r.record_key,
            CASE WHEN r.is_oldest THEN 'own'
                ELSE coalesce(d.match_rule, CASE WHEN f.bits IS NULL THEN 'own' ELSE 'evidence' END)
                END AS match_rule,
            CASE WHEN r.is_oldest OR f.bits IS NULL OR a.node = o.node THEN 1.0
                ELSE round(1 / (1 + pow(2.0, -least(f.bits, 40))), 6) END AS match_probability
        FROM record_account AS r
        JOIN atom AS a USING (id)
        JOIN (SELECT account_id, any_value(atom.node) AS node FROM record_account JOIN atom USING (id)
              WHERE is_oldest GROUP BY account_id) AS o USING (account_id)
        LEFT JOIN direct AS d USING (id)
        LEFT JOIN first_join AS f ON f.atom = a.node
        """,
    ),
)
