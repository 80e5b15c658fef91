"""Persons and their account: contacts by their company, else their e-mail domain; leads by their e-mail domain, else
their website, else the company they were converted to; merged ones by their survivor.

A domain belongs to the account that owns it or the longest part of it (`mail.eu.acme.com` → `acme.com`), so
free-mail, shared and ambiguous domains place nobody: no account owns them.
"""

from __future__ import annotations

from abm_pipeline.storage.engine import Step

PEOPLE = (
    Step(
        "person_domain",
        "every domain of a person with the account that owns it, or the longest ending of it",
        """
        WITH part AS (
            SELECT domain, string_split(domain, '.') AS labels
            FROM (SELECT email_domain AS domain FROM latest_contact UNION SELECT domain FROM latest_contact)
            WHERE domain IS NOT NULL
        ),
        ending AS (
            SELECT domain, array_to_string(labels[place:], '.') AS owned, place
            FROM part, unnest(range(1, len(labels))) AS places (place)
        )
        SELECT e.domain, arg_min(m.account_id, e.place) AS account_id
        FROM ending AS e JOIN new_member AS m ON m.source = 'domain' AND m.source_id = e.owned
        GROUP BY e.domain
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
                WHEN 'lead' THEN coalesce(mail.account_id, site.account_id, company.account_id)
                ELSE coalesce(company.account_id, mail.account_id)
            END AS account_id,
            CASE
                WHEN c.person_type <> 'lead' AND company.account_id IS NOT NULL THEN 'company'
                WHEN mail.account_id IS NOT NULL THEN 'email_domain'
                WHEN c.person_type = 'lead' AND site.account_id IS NOT NULL THEN 'website'
                WHEN c.person_type = 'lead' AND company.account_id IS NOT NULL THEN 'converted'
            END AS match_rule
        FROM latest_contact AS c
        LEFT JOIN new_member AS company ON company.source = c.source AND company.source_id = c.company_source_id
        LEFT JOIN person_domain AS mail ON mail.domain = c.email_domain
        LEFT JOIN person_domain AS site ON site.domain = c.domain
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
