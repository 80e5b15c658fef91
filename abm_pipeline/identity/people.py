"""Person records: their account, and which of them are the same human.

Contacts are placed by their company, else their e-mail domain; leads by their e-mail domain, else their website, else
the company they were converted to; merged and converted ones where the record is that they went into.

A domain belongs to the account that owns it or the longest part of it (`mail.eu.acme.com` → `acme.com`), so
free-mail, shared and ambiguous domains place nobody: no account owns them. Who is placed by none of this is placed by
the e-mail address, if all other live records with it that have an account have the same.

Records of one human have one `person_id`, the `source:source_id` of the record that stands for them all:

- where the chain of merges, conversions and copies ends (a merged contact → its winner, a lead → the contact it became,
  a copy → the record in the other system). A record that another one is told to be, and that no source has, ends
  nothing; nor does a circle: its records, and those that lead to it, stand for themselves.
- among the ends of chains in one account, those with the same e-mail address (by hash, an exact key) are one person.
  The oldest live contact stands for them; without one the oldest live lead, then the oldest deleted record. Addresses
  of records inside a chain, and of records without an account, join nobody.

A person has one role: that of the source which the programme believes first about roles.
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
        "the known record where the chain of merges, conversions and copies of a person record ends; a circle ends "
        "nowhere",
        """
        WITH RECURSIVE link AS (
            SELECT c.source || ':' || c.source_id AS contact_key, f.source || ':' || f.source_id AS into_key
            FROM latest_contact AS c
            JOIN latest_contact AS f
                ON f.source || ':' || f.source_id = coalesce(c.source || ':' || c.merged_into_source_id, c.same_as)
        ),
        chain AS (
            FROM link
            UNION
            SELECT chain.contact_key, link.into_key FROM chain JOIN link ON link.contact_key = chain.into_key
        )
        SELECT chain.* FROM chain ANTI JOIN link ON link.contact_key = chain.into_key
        """,
    ),
    Step(
        "placed",
        "the account that each person record itself points to",
        """
        SELECT
            c.source, c.source_id, c.source || ':' || c.source_id AS contact_key, c.role, c.person_type, c.created_at,
            c.is_deleted, c.email_hash,
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
        "address_account",
        "the account of an e-mail address, where all live records with it that point to one point to the same",
        """
        SELECT email_hash, min(account_id) AS account_id
        FROM placed WHERE email_hash IS NOT NULL AND account_id IS NOT NULL AND NOT is_deleted
        GROUP BY email_hash HAVING count(DISTINCT account_id) = 1
        """,
    ),
    Step(
        "followed",
        "person records with the end of their chain, and its account where it has one",
        """
        SELECT
            p.* EXCLUDE (account_id, match_rule), coalesce(s.into_key, p.contact_key) AS end_key,
            coalesce(f.account_id, p.account_id, e.account_id) AS account_id,
            CASE
                WHEN f.account_id IS NULL AND p.account_id IS NULL AND e.account_id IS NOT NULL THEN 'email'
                WHEN f.account_id IS NULL THEN p.match_rule
                WHEN p.source <> f.source THEN 'same_as'
                WHEN p.person_type = 'lead' AND f.person_type <> 'lead' THEN 'converted'
                ELSE 'merged'
            END AS match_rule
        FROM placed AS p
        LEFT JOIN survivor AS s ON s.contact_key = p.contact_key
        LEFT JOIN placed AS f ON f.contact_key = s.into_key
        LEFT JOIN address_account AS e ON e.email_hash = p.email_hash
        """,
    ),
    Step(
        "same_address",
        "ends of chains that have an e-mail address, with the one that stands for all of that address in the account",
        """
        SELECT
            end_key,
            first_value(contact_key) OVER (
                PARTITION BY account_id, email_hash
                ORDER BY is_deleted, person_type <> 'contact', created_at NULLS LAST, contact_key
            ) AS person_id
        FROM followed
        WHERE contact_key = end_key AND account_id IS NOT NULL AND email_hash IS NOT NULL
        """,
    ),
    Step(
        "named_person",
        "person records with who they are",
        """
        SELECT f.*, coalesce(a.person_id, f.end_key) AS person_id
        FROM followed AS f LEFT JOIN same_address AS a ON a.end_key = f.end_key
        """,
    ),
    Step(
        "person_role",
        "each person's role, as the source says that is to be believed first, and there the live record made last",
        """
        SELECT person_id, arg_min(role, (
            is_deleted, coalesce(list_position(p.precedence['role'], source), 999), source,
            -coalesce(epoch_us(created_at), 0), source_id
        )) AS role
        FROM named_person CROSS JOIN params AS p WHERE role IS NOT NULL
        GROUP BY person_id
        """,
    ),
    Step(
        "new_person",
        "person records with their account, who they are and that person's role",
        """
        SELECT
            n.source, n.source_id, n.person_id, n.account_id, r.role, n.person_type, n.created_at, n.is_deleted,
            n.match_rule, snapshot_id
        FROM named_person AS n LEFT JOIN person_role AS r USING (person_id)
        CROSS JOIN snapshot
        """,
    ),
)
