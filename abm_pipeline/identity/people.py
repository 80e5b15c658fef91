"""Person records: their account, their role, and the record that stands for all of one human.

Which records are one human is told in `humans`. Every record has an account of its own, so that who changes jobs keeps
what was done at the old one: touches of the old record stay there, those of the new one are at the new account. A
record is placed by the first of these that says anything:

1. For a contact, its company, unless its e-mail contradicts it: the address is at a domain that another account owns,
   which is not of the same family, while the company's account has a domain too. For a lead, its e-mail domain, else
   its website, else the company that it was converted to.
2. For a contact, its e-mail domain. A domain belongs to the account that owns it or the longest part of it
   (`mail.eu.acme.com` → `acme.com`), so free-mail, shared and ambiguous domains place nobody: no account owns them.
3. The account of more than half of the live records of the same human, then of the same address.
4. The account of more than half of the human's activities that name a company or a domain.

But records that were merged, converted or copied are where the record is that they went into, except where that is
another job: both have their own address, and their domains belong to two accounts that are no family.

Records of one human have one `person_id`, the `source:source_id` of the record that stands for them all: of the ends
of chains of merges, conversions and copies the oldest live contact; without one the oldest live lead, then the oldest
deleted record. A record that another one is told to be, and that no source has, ends nothing; nor does a circle: its
records, and those that lead to it, stand for themselves.

A person has one role: that of the source which the programme believes first about roles.
"""

from __future__ import annotations

from abm_pipeline.identity.humans import BY_ADDRESS, BY_NAME, STANDS_FIRST
from abm_pipeline.identity.person_names import PERSON_NAMES
from abm_pipeline.storage.engine import Step


def _most(what: str, column: str) -> str:
    """SQL for the account of more than half of the live records that have one and the same `column`."""
    return f"""
        SELECT {column}, arg_max(account_id, (records, account_id)) AS account_id
        FROM (
            SELECT {column}, account_id, count(*) AS records
            FROM {what} WHERE account_id IS NOT NULL AND {column} IS NOT NULL AND NOT is_deleted
            GROUP BY ALL
        )
        GROUP BY {column} HAVING max(records) * 2 > sum(records)
        """


def place(records: str) -> str:
    """SQL for person records, or versions of them, with the account that they themselves point to, and by which rule.

    `mail_account_id` owns the address's domain, `mail_family` is the top of its family.
    """
    return f"""
        SELECT
            * EXCLUDE (company_account_id, site_account_id, is_contradicted),
            CASE
                WHEN person_type = 'lead' THEN coalesce(mail_account_id, site_account_id, company_account_id)
                WHEN is_contradicted THEN mail_account_id
                ELSE coalesce(company_account_id, mail_account_id)
            END AS account_id,
            CASE
                WHEN person_type <> 'lead' AND company_account_id IS NOT NULL AND NOT is_contradicted THEN 'company'
                WHEN mail_account_id IS NOT NULL THEN 'email_domain'
                WHEN person_type = 'lead' AND site_account_id IS NOT NULL THEN 'website'
                WHEN person_type = 'lead' AND company_account_id IS NOT NULL THEN 'converted'
            END AS match_rule
        FROM (
            SELECT
                r.* EXCLUDE (domain, company_source_id),
                mail.account_id AS mail_account_id, mf.family AS mail_family, company.account_id AS company_account_id,
                site.account_id AS site_account_id,
                coalesce(cf.has_domain AND cf.family <> mf.family, false) AS is_contradicted
            FROM {records} AS r
            LEFT JOIN new_member AS company ON company.source = r.source AND company.source_id = r.company_source_id
            LEFT JOIN person_family AS cf ON cf.account_id = company.account_id
            LEFT JOIN person_domain AS mail ON mail.domain = r.email_domain
            LEFT JOIN person_family AS mf ON mf.account_id = mail.account_id
            LEFT JOIN person_domain AS site ON site.domain = r.domain
        )
        """


_CHAINS = (
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
        is_local=True,
    ),
)

_PLACED = (
    Step(
        "person_domain",
        "every domain of a person with the account that owns it, or the longest ending of it",
        """
        WITH part AS (
            SELECT domain, string_split(domain, '.') AS labels
            FROM (SELECT email_domain AS domain FROM staged.contact UNION SELECT domain FROM staged.contact)
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
        "person_family",
        "accounts with the top of their family and whether they own a domain",
        """
        SELECT a.account_id, coalesce(any_value(u.ultimate_parent_id), a.account_id) AS family,
            bool_or(a.source = 'domain') AS has_domain
        FROM new_member AS a LEFT JOIN ultimate AS u USING (account_id)
        GROUP BY a.account_id
        """,
    ),
    Step(
        "known_record",
        "person records with their human",
        """
        SELECT r.*, coalesce(h.human, r.end_key) AS human FROM person_record AS r LEFT JOIN human AS h USING (end_key)
        """,
        is_view=True,
    ),
    Step("placed", "the account that each person record itself points to", place("known_record")),
    Step(
        "followed",
        "person records with the account where their chain ends, unless that is another job",
        """
        SELECT
            * EXCLUDE (own_account_id, own_rule, into_account_id, into_source, into_type, is_other_job),
            CASE WHEN is_other_job THEN own_account_id ELSE coalesce(into_account_id, own_account_id) END AS account_id,
            CASE
                WHEN into_account_id IS NULL OR is_other_job THEN own_rule
                WHEN source <> into_source THEN 'same_as'
                WHEN person_type = 'lead' AND into_type <> 'lead' THEN 'converted'
                ELSE 'merged'
            END AS match_rule
        FROM (
            SELECT
                p.* EXCLUDE (account_id, match_rule, mail_account_id, mail_family), p.account_id AS own_account_id,
                p.match_rule AS own_rule, f.account_id AS into_account_id, f.source AS into_source,
                f.person_type AS into_type, coalesce(
                    p.mail_family <> f.mail_family AND p.email_hash <> f.email_hash
                    AND p.account_id = p.mail_account_id AND f.account_id = f.mail_account_id, false
                ) AS is_other_job
            FROM placed AS p LEFT JOIN placed AS f ON f.contact_key = p.end_key AND p.contact_key <> p.end_key
        )
        """,
    ),
    Step("human_account", "the account of most records of a human", _most("followed", "human")),
    Step("address_account", "the account of most records with an e-mail address", _most("followed", "email_hash")),
    Step(
        "doing_account",
        "the account of most activities of humans who have no other",
        """
        WITH lost AS (
            SELECT f.human, f.source, f.source_id FROM followed AS f
            ANTI JOIN human_account USING (human) ANTI JOIN address_account USING (email_hash)
            WHERE f.account_id IS NULL
        ),
        done AS (
            SELECT lost.human, a.*
            FROM staged.activity AS a JOIN lost ON lost.source = a.source AND lost.source_id = a.contact_source_id
            QUALIFY row_number() OVER (
                PARTITION BY a.source, a.source_id ORDER BY a.modified_at DESC, a.captured_at DESC, a.day DESC
            ) = 1
        )
        SELECT human, arg_max(account_id, (records, account_id)) AS account_id
        FROM (
            SELECT done.human, m.account_id, count(*) AS records
            FROM done JOIN new_member AS m ON m.source || ':' || m.source_id
                = coalesce(done.source || ':' || done.company_source_id, 'domain:' || done.domain)
            WHERE NOT done.is_deleted
            GROUP BY ALL
        )
        GROUP BY human HAVING max(records) * 2 > sum(records)
        """,
    ),
    Step(
        "located",
        "person records with their account",
        """
        SELECT
            f.* EXCLUDE (account_id, match_rule),
            coalesce(f.account_id, h.account_id, e.account_id, d.account_id) AS account_id,
            CASE
                WHEN f.account_id IS NOT NULL THEN f.match_rule
                WHEN coalesce(h.account_id, e.account_id) IS NOT NULL THEN 'email'
                WHEN d.account_id IS NOT NULL THEN 'activity'
            END AS match_rule
        FROM followed AS f
        LEFT JOIN human_account AS h ON h.human = f.human
        LEFT JOIN address_account AS e ON e.email_hash = f.email_hash
        LEFT JOIN doing_account AS d ON d.human = f.human
        """,
    ),
)

_SAID = (
    Step(
        "named_person",
        "person records with who they are",
        f"""
        WITH known AS (
            SELECT l.*, coalesce(n.namesake, l.human) AS who FROM located AS l LEFT JOIN namesake AS n USING (human)
        ),
        standing AS (
            SELECT who, contact_key AS person_id FROM known WHERE contact_key = end_key
            QUALIFY row_number() OVER (PARTITION BY who ORDER BY {STANDS_FIRST}) = 1
        )
        SELECT known.*, standing.person_id FROM known JOIN standing USING (who)
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

PEOPLE = (*_CHAINS, *PERSON_NAMES, *BY_ADDRESS, *_PLACED, *BY_NAME, *_SAID)
