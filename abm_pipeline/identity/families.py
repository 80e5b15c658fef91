"""Who belongs to whom: the parent of every account, from what records say and from names on one domain.

In: `record_account`, `domain_use`, `key_strength`, `decision`. Out: `parent` (child and parent account, one row a
child) and `ultimate`, the top of every family.

A parent is what a person decided; else what most records of the account say, by the id of a record or by name; else the
account on whose strong domain this one has records too and whose name its own begins with ("Acme Cloud" on acme.com). A
name that several accounts go by is the one of them that the child shares a domain or a source's id with, else nobody.
"""

from __future__ import annotations

from abm_pipeline.storage.engine import Step

FAMILIES = (
    Step(
        "relative",
        "records by the oldest of their account: what an account is called here, "
        "since its id depends on what was served",
        "SELECT g.eldest_key AS account_id, r.id, r.record_key, r.core, r.parent, r.parent_core, r.is_deleted "
        "FROM record_account AS r JOIN group_id AS g USING (node)",
    ),
    Step(
        "account_core",
        "the names of each account and how many of its records use them",
        "SELECT account_id, core, count(*) AS uses FROM relative WHERE core IS NOT NULL GROUP BY ALL",
    ),
    Step(
        "account_domain",
        "domains of each account and whether a record's name fits them",
        """
        SELECT r.account_id, d.key, bool_or(d.fits AND d.how <= 2) AS fits, count(*) AS uses
        FROM domain_use AS d JOIN relative AS r USING (id) GROUP BY ALL
        """,
    ),
    Step(
        "bearer",
        "accounts that go by the name of a parent, and how many do",
        """
        SELECT n.child, n.core, n.said, a.account_id AS parent, a.uses,
            count(*) OVER (PARTITION BY n.child, n.core) AS bearers
        FROM (SELECT account_id AS child, parent_core AS core, count(*) AS said FROM relative
              WHERE parent_core IS NOT NULL AND NOT is_deleted GROUP BY ALL) AS n
        JOIN account_core AS a ON a.core = n.core AND a.account_id <> n.child
        """,
    ),
    Step(
        "near_bearer",
        "of several, those that share a domain with the child",
        """
        SELECT DISTINCT b.child, b.parent
        FROM bearer AS b
        JOIN account_domain AS x ON x.account_id = b.child
        JOIN account_domain AS y ON y.account_id = b.parent AND y.key = x.key
        WHERE b.bearers > 1
        """,
    ),
    Step(
        "parent_vote",
        "what speaks for each parent",
        """
        SELECT c.account_id AS child, p.account_id AS parent, 'record' AS how, count(*) * 3.0 AS votes
        FROM relative AS c JOIN relative AS p ON p.record_key = c.parent
        WHERE c.account_id <> p.account_id AND NOT c.is_deleted
        GROUP BY ALL
        UNION ALL
        -- a name of several accounts means the one that shares a domain with the child, else the one that is by far the
        -- most used
        SELECT child, parent, 'name', sum(said) * 2.0 FROM (
            SELECT b.*, s.child IS NOT NULL AS is_near,
                uses >= 3 * coalesce(max(uses) OVER (PARTITION BY child, core ORDER BY uses DESC, parent
                    ROWS BETWEEN 1 FOLLOWING AND 1 FOLLOWING), 0) AS is_first
            FROM bearer AS b LEFT JOIN near_bearer AS s USING (child, parent)
            QUALIFY row_number() OVER (PARTITION BY child, core ORDER BY is_near DESC, uses DESC, parent) = 1
        )
        WHERE bearers = 1 OR is_near OR is_first
        GROUP BY child, parent
        UNION ALL
        SELECT c.account_id, p.account_id, 'domain', sum(c.uses) * 0.5
        FROM account_domain AS c
        JOIN account_domain AS p ON p.key = c.key AND p.fits AND c.account_id <> p.account_id
        JOIN key_strength AS k ON k.key = c.key AND k.records <= 400
        JOIN account_core AS cn ON cn.account_id = c.account_id
        JOIN account_core AS pn ON pn.account_id = p.account_id AND starts_with(cn.core, pn.core || ' ')
        GROUP BY ALL
        """,
    ),
    Step(
        "decided_parent",
        "parents that a person set, none among them",
        """
        SELECT c.account_id AS child, p.account_id AS parent
        FROM decision AS d JOIN relative AS c ON c.record_key = d.left_key
        LEFT JOIN relative AS p ON p.record_key = d.right_key
        WHERE d.kind = 'set_parent' AND p.account_id IS DISTINCT FROM c.account_id
        """,
    ),
    Step(
        "first_parent",
        "the likeliest parent of each account",
        """
        SELECT child, arg_max(parent, (votes, parent)) AS parent, max(votes) AS votes FROM (
            SELECT child, parent, sum(votes) AS votes FROM parent_vote GROUP BY ALL
        ) WHERE child NOT IN (SELECT child FROM decided_parent) GROUP BY child
        UNION ALL SELECT child, parent, 1e9 FROM decided_parent WHERE parent IS NOT NULL
        """,
    ),
    Step(
        "ancestor",
        "everything above each account; UNION drops repeats, so a circle of parents ends",
        """
        WITH RECURSIVE up AS (
            SELECT child, parent AS above FROM first_parent
            UNION
            SELECT up.child, f.parent FROM up JOIN first_parent AS f ON f.child = up.above
        )
        SELECT * FROM up
        """,
    ),
    Step(
        "tree",
        "parents, circles opened where least speaks for them",
        """
        SELECT f.child, f.parent
        FROM first_parent AS f
        LEFT JOIN (
            SELECT arg_min(child, (votes, child)) AS child FROM (
                SELECT f.child, f.votes, min(ring.above) AS circle
                FROM first_parent AS f
                JOIN ancestor AS own ON own.child = f.child AND own.above = f.child
                JOIN ancestor AS ring ON ring.child = f.child
                GROUP BY f.child, f.votes
            ) GROUP BY circle
        ) AS open USING (child)
        WHERE open.child IS NULL
        """,
    ),
    Step(
        "top",
        "the top of each family: the ancestor without a parent",
        """
        WITH RECURSIVE up AS (
            SELECT child, parent AS above FROM tree
            UNION
            SELECT up.child, t.parent FROM up JOIN tree AS t ON t.child = up.above
        )
        SELECT child, min(above) AS above FROM up WHERE above NOT IN (SELECT child FROM tree) GROUP BY child
        """,
    ),
    Step(
        "parent",
        "parents by the ids of accounts",
        """
        SELECT c.account_id, p.account_id AS parent_account_id
        FROM tree JOIN group_id AS c ON c.eldest_key = tree.child JOIN group_id AS p ON p.eldest_key = tree.parent
        """,
    ),
    Step(
        "ultimate",
        "tops of families by the ids of accounts",
        """
        SELECT c.account_id, a.account_id AS ultimate_parent_id
        FROM top JOIN group_id AS c ON c.eldest_key = top.child JOIN group_id AS a ON a.eldest_key = top.above
        """,
    ),
)
