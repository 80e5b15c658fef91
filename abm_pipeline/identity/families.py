"""Who belongs to whom: the parent of every account, from what records say, names, and the keys of other accounts.

In: `record_account`, `domain_use`, `key_use`, `key_strength`, `word_use`, `decision`. Out: `parent` (child and parent
account, one row a child) and `ultimate`, the top of every family.

A parent is what a person decided; else the account for which most speaks, in bits (log2 odds): what records of the
child say, by the id of a record or by name; records or people of the child on a domain that is the other's; its number
or page; a name that begins with the other's ("Acme Cloud"); namesakes of the first word that say so. An account of one
name with the child is never its parent, but a part of it that was not found to be. A name of several accounts means the
one that shares a domain with the child, else the one with most records.
"""

from __future__ import annotations

from abm_pipeline.storage.engine import Step

# Bits of each thing in `kin`, fitted on simulated companies (benchmarks/identity_train_parents.py); a parent that a
# source names is believed a little more, in another country too.
BITS = {
    "by_id": 6.0,
    "by_name": 4.6,
    "by_common_name": 5.7,
    "by_unclear_name": 3.3,
    "on_domain": 3.1,
    "much_on_domain": 0.6,
    "domain_fits": -2.2,
    "mail": 0.4,
    "much_mail": 1.9,
    "number": 1.2,
    "longer_name": 1.1,
    "rare_name": 1.1,
    "name_and_domain": 2.0,
    "kindred": 2.1,
    "elsewhere": -1.3,
}
# Bits with none of them, and from which on a pair is a parent and its child.
PRIOR, ENOUGH = -4.0, -0.75
# More records than this on a key, and it says nothing of families.
CROWD = 400

FAMILIES = (
    Step(
        "relative",
        "records by the oldest of their account: what an account is called here, "
        "since its id depends on what was served",
        "SELECT g.eldest_key AS account_id, r.id, r.record_key, r.core, r.commonness, r.country, r.parent, "
        "r.parent_core, r.is_deleted FROM record_account AS r JOIN group_id AS g USING (node)",
    ),
    Step(
        "account_core",
        "the names of each account, how many of its records use them and how many accounts go by them",
        """
        SELECT *, count(*) OVER (PARTITION BY core) AS bearers FROM (
            SELECT account_id, core, count(*) AS uses, min(commonness) AS commonness
            FROM relative WHERE core IS NOT NULL GROUP BY ALL
        )
        """,
    ),
    Step(
        "account_size",
        "the records of each account, its countries, its names, and the first word of the one that most of them use",
        """
        SELECT account_id, records, countries, cores, split_part(core, ' ', 1) AS word FROM (
            SELECT account_id, count(*) AS records,
                list_sort(list(DISTINCT country) FILTER (country IS NOT NULL)) AS countries
            FROM relative GROUP BY account_id
        ) LEFT JOIN (
            SELECT account_id, list_sort(list(core)) AS cores, arg_max(core, (uses, core)) AS core
            FROM account_core GROUP BY account_id
        ) USING (account_id)
        """,
    ),
    Step(
        "domain_holder",
        "the account whose name a domain is, if it is any's",
        f"""
        SELECT key, arg_max(account_id, (fit, uses, account_id)) AS account_id FROM (
            SELECT d.key, r.account_id, count(*) AS uses,
                max(CASE WHEN replace(r.core, ' ', '') = d.label THEN 2 WHEN d.fits THEN 1 ELSE 0 END) AS fit
            FROM domain_use AS d JOIN relative AS r USING (id) WHERE d.how <= 2 GROUP BY ALL
        ) JOIN key_strength USING (key)
        WHERE NOT is_weak AND key_strength.records <= {CROWD}
        GROUP BY key HAVING max(fit) > 0
        """,
    ),
    Step(
        "guest",
        "accounts with records or people on another's domain",
        """
        SELECT r.account_id AS child, h.account_id AS parent, count(DISTINCT r.id) FILTER (d.how <= 2) AS records,
            count(DISTINCT r.id) FILTER (d.how = 3) AS mailed, sum(d.contacts) FILTER (d.how = 3) AS contacts,
            bool_or(d.fits AND d.how <= 2) AS fits
        FROM domain_use AS d JOIN relative AS r USING (id) JOIN domain_holder AS h USING (key)
        WHERE h.account_id <> r.account_id
        GROUP BY ALL
        """,
    ),
    Step(
        "key_guest",
        "accounts that share a number or a page with another that has more records",
        f"""
        WITH held AS (
            SELECT key, account_id, any_value(a.records) AS records
            FROM key_use JOIN relative USING (id) JOIN key_strength AS k USING (kind, key)
            JOIN account_size AS a USING (account_id)
            WHERE kind NOT IN ('domain', 'phone_stem') AND NOT is_weak AND k.records <= {CROWD}
            GROUP BY key, account_id
        )
        SELECT DISTINCT c.account_id AS child, p.account_id AS parent
        FROM held AS c JOIN held AS p ON p.key = c.key AND p.account_id <> c.account_id AND p.records >= c.records
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
        "said_by_id",
        "parents that records name by their id",
        """
        SELECT c.account_id AS child, p.account_id AS parent
        FROM relative AS c JOIN relative AS p ON p.record_key = c.parent
        WHERE c.account_id <> p.account_id AND NOT c.is_deleted GROUP BY ALL
        """,
    ),
    Step(
        "said_by_name",
        "parents that records name by their name: the one that bears it, the nearest, or the one with most records",
        """
        SELECT child, parent, min(bearers) AS bearers, bool_or(is_near) AS is_near,
            bool_or(uses >= 3 * next_uses) AS is_first
        FROM (
            SELECT b.*, g.child IS NOT NULL AS is_near,
                coalesce(max(uses) OVER (PARTITION BY b.child, core ORDER BY uses DESC, b.parent
                    ROWS BETWEEN 1 FOLLOWING AND 1 FOLLOWING), 0) AS next_uses
            FROM bearer AS b LEFT JOIN guest AS g ON g.child = b.child AND g.parent = b.parent
            QUALIFY row_number() OVER (PARTITION BY b.child, core ORDER BY is_near DESC, uses DESC, b.parent) = 1
        )
        GROUP BY child, parent
        """,
    ),
    Step(
        "longer_name",
        "accounts whose name is another's and one word more",
        """
        SELECT c.account_id AS child, p.account_id AS parent, min(p.commonness) AS commonness
        FROM account_core AS c
        JOIN (FROM account_core WHERE bearers <= 2 AND commonness <= 4) AS p
            ON p.core = array_to_string(string_split(c.core, ' ')[:-2], ' ') AND p.account_id <> c.account_id
        GROUP BY ALL
        """,
    ),
    Step(
        "kindred",
        "accounts whose first word is rare, and the parents of others that begin with it and so does their parent",
        """
        WITH said AS (
            SELECT child, parent FROM said_by_id
            UNION SELECT child, parent FROM said_by_name WHERE bearers = 1 OR is_near OR is_first
        )
        SELECT DISTINCT c.account_id AS child, s.parent
        FROM said AS s
        JOIN account_size AS p ON p.account_id = s.parent
        JOIN account_size AS b ON b.account_id = s.child AND b.word = p.word
        JOIN account_size AS c ON c.word = b.word AND c.account_id NOT IN (b.account_id, p.account_id)
        JOIN word_use AS u ON u.word = c.word AND u.names <= 4
        WHERE length(c.word) >= 4
        """,
    ),
    Step(
        "kin",
        "what speaks for each parent for which more speaks than kindred, which never is enough",
        """
        WITH pair AS (
            SELECT child, parent FROM said_by_id
            UNION SELECT child, parent FROM said_by_name
            UNION SELECT child, parent FROM guest
            UNION SELECT child, parent FROM key_guest
            UNION SELECT child, parent FROM longer_name
        )
        SELECT
            p.child, p.parent,
            i.child IS NOT NULL AS by_id,
            n.bearers IS NOT NULL AND n.bearers = 1 AS by_name,
            n.bearers IS NOT NULL AND n.bearers > 1 AND (n.is_first OR n.is_near) AS by_common_name,
            n.bearers IS NOT NULL AND n.bearers > 1 AND NOT (n.is_first OR n.is_near) AS by_unclear_name,
            coalesce(g.records >= 1, false) AS on_domain,
            coalesce(g.records >= 2, false) AS much_on_domain,
            coalesce(g.fits, false) AS domain_fits,
            coalesce(g.mailed >= 1, false) AS mail,
            coalesce(g.mailed >= 2 OR g.contacts >= 3, false) AS much_mail,
            k.child IS NOT NULL AS number,
            l.child IS NOT NULL AS longer_name,
            coalesce(l.commonness <= 1, false) AS rare_name,
            (l.child IS NOT NULL OR coalesce(cs.word = ps.word AND length(cs.word) >= 4, false)) AND g.child IS NOT NULL
                AS name_and_domain,
            m.child IS NOT NULL AS kindred,
            coalesce(NOT list_has_any(cs.countries, ps.countries), false) AS elsewhere
        FROM pair AS p
        JOIN account_size AS cs ON cs.account_id = p.child JOIN account_size AS ps ON ps.account_id = p.parent
        LEFT JOIN said_by_id AS i USING (child, parent)
        LEFT JOIN said_by_name AS n USING (child, parent)
        LEFT JOIN guest AS g USING (child, parent)
        LEFT JOIN key_guest AS k USING (child, parent)
        LEFT JOIN longer_name AS l USING (child, parent)
        LEFT JOIN kindred AS m USING (child, parent)
        WHERE NOT coalesce(list_has_any(cs.cores, ps.cores), false)
        """,
    ),
    Step(
        "parent_vote",
        "the bits of each parent for which enough speaks",
        f"""
        SELECT child, parent,
            {PRIOR} + {" + ".join(f"{bits} * {name}::INTEGER" for name, bits in BITS.items())} AS votes
        FROM kin WHERE votes >= {ENOUGH}
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
        SELECT child, arg_max(parent, (votes, parent)) AS parent, max(votes) AS votes FROM parent_vote
        WHERE child NOT IN (SELECT child FROM decided_parent) GROUP BY child
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
        is_local=True,
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
        is_local=True,
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
