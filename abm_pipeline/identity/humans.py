"""Which person records are the same human: by what systems say, by e-mail address, then by name within one account.

In: `latest_contact` and earlier versions, `survivor`, `person_name`; for names also `located` (each record's account)
and `person_domain`. Out: `human` (the end of each chain → who it is), then `namesake` (the same, names used).

**By address.** Chains of merges, conversions and copies of which any record has the same e-mail address (by hash), now
or before it was overwritten, are one human, in whatever account. An address that connects too much is weak: `info@`, a
family's. It is one human's if one of the names that records give for it is like all the others; else it joins only
records of the same name, and those without a name are nobody's. Names are alike here if one is the other with less said
(J. Smith, John Smith), or if the given name is (who marries keeps it; families share the other one).

**By name.** Humans at home in one account (that of the record that stands for them) are one if they have the same full
name: the same words in any order and script. A name that says less, "J. Smith" beside "John Paul Smith", counts for it
if the account has no other name that it could stand for. Nobody is joined by name across accounts, or by one word.

**Against a name** stand two addresses, each one human's: at one domain that an account owns, as an employer gives each
of its people one; or in one list (contacts, or leads) of one source, which so keeps two people apart, unless it knows
people by nothing else than their addresses. Then the name is that of several, and joins nobody. Records of one list
without an address are duplicates, as these are the rule.
"""

from __future__ import annotations

from abm_pipeline.identity.person_names import ALIKE, CONTAINED
from abm_pipeline.storage.engine import Step

# With more names than this an address is not looked at name by name: it is not one human's.
COMPARABLE = 40
# Which record stands for a human: the oldest live contact, else the oldest live lead, else the oldest deleted record.
STANDS_FIRST = "is_deleted, person_type <> 'contact', created_at NULLS LAST, contact_key"

BY_ADDRESS = (
    Step(
        "person_record",
        "person records with the end of their chain and their name in words",
        """
        SELECT
            c.source, c.source_id, c.source || ':' || c.source_id AS contact_key, c.person_type, c.role, c.created_at,
            c.is_deleted, c.email_hash, c.email_domain, c.domain, c.company_source_id,
            coalesce(s.into_key, c.source || ':' || c.source_id) AS end_key, n.key AS name_key
        FROM latest_contact AS c
        LEFT JOIN survivor AS s ON s.contact_key = c.source || ':' || c.source_id
        LEFT JOIN person_name AS n ON n.full_name = c.full_name
        """,
    ),
    Step(
        "known_address",
        "addresses of person records, with those that they had before they were overwritten",
        """
        SELECT email_hash, end_key, name_key FROM person_record WHERE email_hash IS NOT NULL
        UNION
        SELECT c.email_hash, r.end_key, r.name_key
        FROM staged.contact AS c JOIN person_record AS r USING (source, source_id)
        WHERE c.email_hash <> r.email_hash AND NOT c.is_deleted
        """,
    ),
    Step(
        "address_name",
        "names on each address that has several",
        """
        SELECT a.email_hash, n.*, count(*) OVER (PARTITION BY a.email_hash) AS names
        FROM (SELECT DISTINCT email_hash, name_key FROM known_address WHERE name_key IS NOT NULL) AS a
        JOIN (SELECT key, any_value(words) AS words, min(given) AS given FROM person_name GROUP BY key) AS n
            ON n.key = a.name_key
        QUALIFY names > 1
        """,
    ),
    Step(
        "shared_address",
        "addresses of more than one human: no name on them is like all the others",
        f"""
        SELECT email_hash FROM address_name
        EXCEPT
        SELECT a.email_hash
        FROM address_name AS a JOIN address_name AS b ON a.email_hash = b.email_hash AND {ALIKE}
        WHERE a.names <= {COMPARABLE}
        GROUP BY a.email_hash, a.key HAVING count(*) = any_value(a.names)
        """,
        is_local=True,
    ),
    Step(
        "address",
        "ends of chains with what joins them: an address, or on one of several humans the address and the name",
        """
        SELECT DISTINCT r.end_key, CASE WHEN s.email_hash IS NULL THEN r.email_hash
            ELSE r.email_hash || ' ' || r.name_key END AS address
        FROM known_address AS r LEFT JOIN shared_address AS s ON s.email_hash = r.email_hash
        WHERE s.email_hash IS NULL OR r.name_key IS NOT NULL
        """,
    ),
    Step(
        "address_link",
        "each end of a chain and the first with the same address, both ways",
        """
        WITH star AS (SELECT end_key, min(end_key) OVER (PARTITION BY address) AS first_key FROM address)
        SELECT DISTINCT end_key AS left_key, first_key AS right_key FROM star WHERE end_key <> first_key
        UNION SELECT first_key, end_key FROM star WHERE end_key <> first_key
        """,
    ),
    Step(
        "human",
        "ends of chains that share an address with others, with the first of all that can be reached so",
        """
        WITH RECURSIVE reached (end_key, human) USING KEY (end_key) AS (
            SELECT left_key, min(least(left_key, right_key)) FROM address_link GROUP BY left_key
            UNION
            SELECT l.right_key, min(reached.human)
            FROM reached JOIN address_link AS l ON l.left_key = reached.end_key
            JOIN recurring.reached AS known ON known.end_key = l.right_key
            WHERE reached.human < known.human
            GROUP BY l.right_key
        )
        SELECT * FROM reached
        """,
        is_local=True,
    ),
)

BY_NAME = (
    Step(
        "home",
        "humans with their account, as the record that stands for them has it",
        f"""
        SELECT human, account_id FROM located WHERE contact_key = end_key
        QUALIFY row_number() OVER (PARTITION BY human ORDER BY {STANDS_FIRST}) = 1
        """,
    ),
    Step(
        "called",
        "humans in their account by the fullest name of their records, else that of most of them",
        """
        SELECT human, any_value(account_id) AS account_id,
            arg_max(key, (NOT has_initials, word_count, records, key)) AS key
        FROM (
            SELECT l.human, h.account_id, l.name_key AS key, n.has_initials, n.word_count, count(*) AS records
            FROM located AS l JOIN home AS h USING (human)
            JOIN (SELECT DISTINCT key, has_initials, len(words) AS word_count FROM person_name) AS n
                ON n.key = l.name_key
            WHERE h.account_id IS NOT NULL
            GROUP BY ALL
        )
        GROUP BY human
        """,
    ),
    Step(
        "mailbox",
        "where a human's own addresses are: domains that accounts own, and lists of sources",
        """
        SELECT DISTINCT l.human, unnest([
            CASE WHEN d.domain IS NOT NULL THEN 'domain ' || l.email_domain END,
            CASE WHEN NOT contains(l.source_id, l.email_hash) THEN 'list ' || l.source || ' ' || l.person_type END
        ]) AS place
        FROM located AS l ANTI JOIN shared_address USING (email_hash)
        LEFT JOIN person_domain AS d ON d.domain = l.email_domain
        WHERE l.email_hash IS NOT NULL
        """,
    ),
    Step(
        "torn_name",
        "names in an account that several humans have",
        """
        SELECT DISTINCT account_id, key FROM called JOIN mailbox USING (human)
        WHERE place IS NOT NULL
        GROUP BY account_id, key, place HAVING count(DISTINCT human) > 1
        """,
    ),
    Step(
        "less_said",
        "names in an account with the fuller ones that each may stand for",
        f"""
        WITH here AS (
            SELECT DISTINCT c.account_id, n.key, n.words, n.longest
            FROM called AS c JOIN (SELECT DISTINCT key, words, longest FROM person_name) AS n USING (key)
        )
        SELECT a.account_id, a.key, b.key AS fuller
        FROM here AS a
        JOIN (SELECT account_id, key, words, unnest(words) AS word FROM here) AS b
            ON b.account_id = a.account_id AND b.word = a.longest AND {CONTAINED}
        """,
    ),
    Step(
        "stands_for",
        "names that stand for the only fullest one they can, where neither is that of several humans",
        """
        SELECT account_id, key, any_value(fuller) AS fuller FROM less_said AS l
        WHERE NOT EXISTS (FROM less_said AS o WHERE o.account_id = l.account_id AND o.key = l.fuller)
        GROUP BY account_id, key
        HAVING count(*) = 1 AND (account_id, key) NOT IN (SELECT (account_id, key) FROM torn_name)
            AND (account_id, any_value(fuller)) NOT IN (SELECT (account_id, key) FROM torn_name)
        """,
    ),
    Step(
        "said_in_full",
        "humans by the fullest name that theirs stands for; where so several humans would have it, by their own",
        """
        WITH full_name AS (
            SELECT c.*, coalesce(s.fuller, c.key) AS full_key
            FROM called AS c LEFT JOIN stands_for AS s USING (account_id, key)
        ),
        torn AS (
            SELECT DISTINCT account_id, full_key FROM full_name JOIN mailbox USING (human) WHERE place IS NOT NULL
            GROUP BY account_id, full_key, place HAVING count(DISTINCT human) > 1
        )
        SELECT f.human, f.account_id, CASE WHEN t.full_key IS NULL THEN f.full_key ELSE f.key END AS key
        FROM full_name AS f LEFT JOIN torn AS t USING (account_id, full_key)
        """,
    ),
    Step(
        "namesake",
        "humans with the first human of the same name in their account, where that name is one human's",
        """
        SELECT human, min(human) OVER (PARTITION BY account_id, key) AS namesake
        FROM said_in_full ANTI JOIN torn_name USING (account_id, key)
        """,
    ),
)
