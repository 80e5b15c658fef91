"""Accounts and their members, from clustered records: attributes by precedence, families, owned domains.

An account takes each attribute from its best record that has it: live before deleted, then by the precedence of sources
that the programme declares for the attribute, then the one changed last; when records arrived doesn't matter. A domain
belongs to an account if only records of that account own it; a domain of several stays out and is counted.
`first_seen_day` is unknown where only ad or intent platforms, which tell no creation date, know the company.
"""

from __future__ import annotations

from abm_pipeline.storage.engine import Step

# What an account takes from its records.
ATTRIBUTES = (
    "name", "domain", "industry", "region", "country_code", "employee_count", "committee_size", "owner_name",
)  # fmt: skip


def _believed(attribute: str) -> str:
    """SQL for the attribute of the record to believe first among those that have it."""
    column = "owned_domain" if attribute == "domain" else attribute
    order = f"(is_deleted, coalesce(list_position(p.precedence['{attribute}'], source), 999), place)"
    return f"arg_min({column}, {order}) FILTER ({column} IS NOT NULL) AS {attribute}"


MEMBERS = (
    Step(
        "domain_owner",
        "domains that records of exactly one account own",
        """
        SELECT key_domain AS domain, min(account_id) AS account_id
        FROM record_account WHERE owns_domain
        GROUP BY key_domain HAVING count(DISTINCT account_id) = 1
        """,
    ),
    Step(
        "joined_by",
        "the strongest rule that joins each record to another",
        """
        SELECT record_key, arg_min(match_rule, strength) AS match_rule,
            arg_min(match_probability, strength) AS match_probability
        FROM (
            SELECT *, list_position(
                ['crm_merge', 'same_as', 'domain', 'linkedin_id', 'domain_and_name'], match_rule
            ) AS strength
            FROM (SELECT left_key AS record_key, match_rule, match_probability FROM edge
                  UNION ALL SELECT right_key, match_rule, match_probability FROM edge)
        )
        GROUP BY record_key
        """,
    ),
    Step(
        "bare_member",
        "every record and every owned domain with its account; `own` is the record that the account's id is made of",
        """
        SELECT
            r.account_id, r.source, r.source_id,
            CASE WHEN r.is_oldest THEN 'own' ELSE coalesce(j.match_rule, 'own') END AS match_rule,
            CASE WHEN r.is_oldest THEN 1.0 ELSE coalesce(j.match_probability, 1.0) END AS match_probability,
            false AS is_manual
        FROM record_account AS r LEFT JOIN joined_by AS j USING (record_key)
        UNION ALL
        SELECT account_id, 'domain', domain, 'domain', 1.0, false FROM domain_owner
        """,
    ),
    Step(
        "snapshot",
        "the identity snapshot: a hash of who belongs to whom",
        """
        SELECT 'snap_' || substr(md5(coalesce(string_agg(line, '|' ORDER BY line), '')), 1, 16) AS snapshot_id
        FROM (SELECT concat_ws(' ', account_id, source, source_id, match_rule, match_probability) AS line
              FROM bare_member)
        """,
    ),
    Step("new_member", "members of the snapshot", "SELECT * FROM bare_member CROSS JOIN snapshot"),
)

ACCOUNTS = (
    Step(
        "ranked",
        "records of each account, the one to believe first first",
        """
        SELECT r.*, o.domain AS owned_domain, row_number() OVER (
            PARTITION BY r.account_id
            ORDER BY r.is_deleted, coalesce(list_position(p.sources, r.source), 999), r.source,
                -- without a creation stamp a record's stamp is the day somebody first asked for it: no help here
                CASE WHEN r.created_at IS NOT NULL THEN r.modified_at END DESC NULLS LAST, r.source_id
        ) AS place
        FROM record_account AS r CROSS JOIN params AS p
        LEFT JOIN domain_owner AS o ON o.domain = r.key_domain AND o.account_id = r.account_id
        """,
    ),
    Step(
        "parent",
        "the account of the best parent that an account's live records name",
        """
        SELECT c.account_id, arg_min(p.account_id, c.place) AS parent_account_id
        FROM ranked AS c
        JOIN record_account AS p ON p.source = c.source AND p.source_id = c.parent_source_id
        WHERE p.account_id <> c.account_id AND NOT c.is_deleted
        GROUP BY c.account_id
        """,
    ),
    Step(
        "ancestor",
        "everything above each account; UNION drops repeats, so a circle of parents ends",
        """
        WITH RECURSIVE up AS (
            SELECT account_id, parent_account_id AS above FROM parent
            UNION
            SELECT up.account_id, parent.parent_account_id
            FROM up JOIN parent ON parent.account_id = up.above
        )
        SELECT * FROM up
        """,
    ),
    Step(
        "ultimate",
        "the top of each family: the ancestor without a parent, or the first id of a circle",
        """
        SELECT a.account_id, min(a.above) AS ultimate_parent_id
        FROM ancestor AS a
        WHERE NOT EXISTS (SELECT 1 FROM parent AS p WHERE p.account_id = a.above)
            OR EXISTS (SELECT 1 FROM ancestor AS c WHERE c.account_id = a.above AND c.above = a.above)
        GROUP BY a.account_id
        """,
    ),
    Step(
        "new_account",
        "one row per account",
        f"""
        WITH merged AS (
            SELECT
                account_id,
                {", ".join(map(_believed, ATTRIBUTES))},
                min(created_at) AS first_seen_at
            FROM ranked CROSS JOIN params AS p GROUP BY account_id
        )
        SELECT
            m.* EXCLUDE (first_seen_at),
            p.parent_account_id,
            coalesce(u.ultimate_parent_id, m.account_id) AS ultimate_parent_id,
            CASE
                WHEN m.employee_count IS NULL OR m.employee_count < 1 THEN 'unknown'
                WHEN m.employee_count < 50 THEN '1-49'
                WHEN m.employee_count < 250 THEN '50-249'
                WHEN m.employee_count < 1000 THEN '250-999'
                WHEN m.employee_count < 5000 THEN '1000-4999'
                ELSE '5000+'
            END AS employee_band,
            timezone(params.zone, m.first_seen_at)::DATE AS first_seen_day,
            snapshot_id
        FROM merged AS m
        LEFT JOIN parent AS p USING (account_id)
        LEFT JOIN ultimate AS u USING (account_id)
        CROSS JOIN params CROSS JOIN snapshot
        """,
    ),
)
