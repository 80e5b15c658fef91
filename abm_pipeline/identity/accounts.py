"""Accounts and their members, from resolved records: attributes by precedence, owned domains.

An account takes each attribute from its best record that has it: live before deleted, then by the precedence of sources
that the programme declares for the attribute, then the one whose name most of the account's records bear, then the one
changed last; when records arrived doesn't matter.

A domain belongs to one account or to none: to the one that a person pinned it to; else to the account whose name it is
(acme.com: Acme before Acme Cloud), else whose names fit it best, else the only one that uses it, else the one with four
fifths of its records. Weak domains (hosts, agencies) belong to nobody; what is between several stays out and is
counted. `first_seen_day` is unknown where only ad or intent platforms, which tell no creation date, know the company.
"""

from __future__ import annotations

from abm_pipeline.storage.engine import Step

# What an account takes from its records.
ATTRIBUTES = (
    "name", "domain", "industry", "region", "country_code", "employee_count", "committee_size", "owner_name",
)  # fmt: skip
# Of an ambiguous domain's records, the share that makes it an account's own all the same.
MOST = 0.8


def _believed(attribute: str) -> str:
    """SQL for the attribute of the record to believe first among those that have it."""
    column = "owned_domain" if attribute == "domain" else attribute
    order = f"(is_deleted, coalesce(list_position(p.precedence['{attribute}'], source), 999), place)"
    return f"arg_min({column}, {order}) FILTER ({column} IS NOT NULL) AS {attribute}"


MEMBERS = (
    Step(
        "pinned_domain",
        "domains that people gave to an account",
        """
        SELECT DISTINCT substr(d.right_key, length('domain:') + 1) AS domain, r.account_id
        FROM decision AS d JOIN record_account AS r ON r.record_key = d.left_key
        WHERE d.kind = 'pin_domain'
        """,
    ),
    Step(
        "domain_claim",
        "how well each account's names fit the domains that its records call their own",
        """
        SELECT
            d.domain, r.account_id, count(*) AS records,
            max(CASE WHEN replace(r.core, ' ', '') = d.label THEN 2 WHEN d.fits THEN 1 ELSE 0 END) AS fit
        FROM domain_use AS d JOIN record_account AS r USING (id) JOIN key_strength AS k USING (key)
        WHERE d.how <= 2 AND NOT k.is_weak AND r.merged_into IS NULL
            AND d.domain NOT IN (SELECT domain FROM pinned_domain)
        GROUP BY d.domain, r.account_id
        """,
    ),
    Step(
        "domain_owner",
        "domains with the account that owns them",
        f"""
        SELECT domain, account_id, true AS is_manual FROM pinned_domain
        UNION ALL
        SELECT domain, arg_max(account_id, (records, account_id)), false
        FROM (SELECT * FROM domain_claim QUALIFY fit = max(fit) OVER (PARTITION BY domain))
        GROUP BY domain HAVING count(*) = 1 OR max(records) >= {MOST} * sum(records)
        """,
    ),
    Step(
        "bare_member",
        "every record and every owned domain with its account; `own` is the record that stands for the account",
        """
        SELECT r.account_id, r.source, r.source_id, j.match_rule, j.match_probability,
            j.match_rule = 'decision' AS is_manual
        FROM record_account AS r JOIN joined_by AS j USING (record_key)
        UNION ALL
        SELECT account_id, 'domain', domain, CASE WHEN is_manual THEN 'decision' ELSE 'domain' END, 1.0, is_manual
        FROM domain_owner
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
        WITH alike AS (
            SELECT account_id, source, source_id, count(*) OVER (PARTITION BY account_id, core) AS records
            FROM record_account
        )
        SELECT r.account_id, l.*, o.domain AS owned_domain, row_number() OVER (
            PARTITION BY r.account_id
            ORDER BY l.is_deleted, coalesce(list_position(p.sources, l.source), 999), l.source,
                -- one that is called like none of the others may be the doubtful one
                r.records DESC,
                -- without a creation stamp a record's stamp is the day somebody first asked for it: no help here
                CASE WHEN l.created_at IS NOT NULL THEN l.modified_at END DESC NULLS LAST, l.source_id
        ) AS place
        FROM alike AS r JOIN latest_company AS l USING (source, source_id) CROSS JOIN params AS p
        LEFT JOIN domain_owner AS o ON o.domain = l.domain AND o.account_id = r.account_id
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
