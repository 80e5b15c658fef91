"""Persons and their account: contacts by their company, leads by their e-mail domain, merged ones by their survivor.

An e-mail domain belongs to the account that owns it or the longest part of it (`mail.eu.acme.com` → `acme.com`), so
free-mail, shared and ambiguous domains place nobody: no account owns them.
"""

from __future__ import annotations

from abm_pipeline.storage.engine import Step

PEOPLE = (
    Step(
        "mail_domain",
        "every e-mail domain with the account that owns it, or the longest ending of it",
        """
        WITH part AS (
            SELECT DISTINCT email_domain, string_split(email_domain, '.') AS labels
            FROM latest_contact WHERE email_domain IS NOT NULL
        ),
        ending AS (
            SELECT email_domain, array_to_string(labels[place:], '.') AS domain, place
            FROM part, unnest(range(1, len(labels))) AS places (place)
        )
        SELECT e.email_domain, arg_min(m.account_id, e.place) AS account_id
        FROM ending AS e JOIN new_member AS m ON m.source = 'domain' AND m.source_id = e.domain
        GROUP BY e.email_domain
        """,
    ),
    Step(
        "survivor",
        "where the chain of merges of each person record ends; a circle ends nowhere",
        """
        WITH RECURSIVE chain AS (
            SELECT source, source_id, merged_into_source_id AS into_id
            FROM latest_contact WHERE merged_into_source_id IS NOT NULL
            UNION
            SELECT chain.source, chain.source_id, c.merged_into_source_id
            FROM chain JOIN latest_contact AS c ON c.source = chain.source AND c.source_id = chain.into_id
            WHERE c.merged_into_source_id IS NOT NULL
        )
        SELECT chain.*
        FROM chain ANTI JOIN latest_contact AS c
            ON c.source = chain.source AND c.source_id = chain.into_id AND c.merged_into_source_id IS NOT NULL
        """,
    ),
    Step(
        "placed",
        "the account that each person record itself points to",
        """
        SELECT
            c.source, c.source_id, c.role, c.person_type, c.created_at, c.is_deleted,
            CASE c.person_type
                WHEN 'lead' THEN coalesce(d.account_id, m.account_id)
                ELSE coalesce(m.account_id, d.account_id)
            END AS account_id,
            CASE
                WHEN c.person_type = 'lead' AND d.account_id IS NOT NULL THEN 'email_domain'
                WHEN m.account_id IS NOT NULL THEN if(c.person_type = 'lead', 'converted', 'company')
                WHEN d.account_id IS NOT NULL THEN 'email_domain'
            END AS match_rule
        FROM latest_contact AS c
        LEFT JOIN new_member AS m ON m.source = c.source AND m.source_id = c.company_source_id
        LEFT JOIN mail_domain AS d ON d.email_domain = c.email_domain
        """,
    ),
    Step(
        "new_person",
        "person records with their account: the survivor's, where a record was merged",
        """
        SELECT
            p.source, p.source_id, p.role, p.person_type, p.created_at, p.is_deleted, snapshot_id,
            coalesce(f.account_id, p.account_id) AS account_id,
            CASE WHEN f.account_id IS NOT NULL THEN 'merged' ELSE p.match_rule END AS match_rule
        FROM placed AS p
        LEFT JOIN survivor AS s ON s.source = p.source AND s.source_id = p.source_id
        LEFT JOIN placed AS f ON f.source = s.source AND f.source_id = s.into_id
        CROSS JOIN snapshot
        """,
    ),
)
