"""Which company records are the same company, as edges: the interface between matching rules and clusters.

An edge is (left_key, right_key, match_rule, match_probability) between two company records `source:source_id`. Every
rule adds edges; clusters are made from edges alone, so a probabilistic rule is one more SELECT in `edge`.

Exact keys, each a star around the first record that has the key:

- `crm_merge`: the CRM merged one record into the other; chains follow of themselves.
- `same_as`: a source keeps the id of the record in another system that its own is a copy of (a sync between two CRMs).
- `linkedin_id`: the LinkedIn organisation that a record names, or that the record is.
- `domain`: the registrable domain. Free-mail and shared hosts that the programme lists say nothing. A domain that
  `SHARED_DOMAIN_NAMES` or more unlike names of one source use is shared too, whoever lists it: it then joins only
  records of like names (`domain_and_name`) and belongs to no account.

Parents and subsidiaries: CRMs keep a subsidiary as a record of its own on purpose, but also fill up with "Acme" and
"Acme GmbH" on one domain. So a record whose parent has the same domain stays apart only if their names are unlike; it
then takes with it the records of like name on that domain, and the domain stays the parent's.

Names are alike if they share their first word, or are near in spelling (Jaro–Winkler ≥ `ALIKE`), once case, accents,
punctuation and legal forms are gone.
"""

from __future__ import annotations

from abm_pipeline.storage.engine import Step

SHARED_DOMAIN_NAMES = 4
# Beyond this many names on one domain nobody compares them: it is a host.
COMPARABLE_NAMES = 60
ALIKE = 0.88
# Words that say nothing about which company it is; read as one text, as a list of forty lines would say no more.
LEGAL_FORMS = """
    ab ag aps as asa bv co company corp corporation gmbh group holding holdings inc incorporated international
    kg kgaa limited llc llp lp ltd ltda mbh nv oy oyj plc pte pty sa sab sarl sas se sl spa srl the und and
"""

RECORDS = (
    Step(
        "record",
        "every company record with its key, and its name without case, accents, punctuation and legal forms",
        """
        SELECT
            source || ':' || source_id AS record_key,
            l.*,
            l.is_deleted AND l.merged_into_source_id IS NOT NULL AS is_merged,
            CASE WHEN list_contains(p.unusable_domains, l.domain) THEN NULL ELSE l.domain END AS key_domain,
            nullif(array_to_string(list_filter(
                regexp_split_to_array(
                    trim(regexp_replace(lower(strip_accents(l.name)), '[^\\p{L}\\p{N}]+', ' ', 'g')), ' +'
                ),
                lambda word: NOT list_contains(p.legal_forms, word)
            ), ' '), '') AS plain_name
        FROM latest_company AS l CROSS JOIN params AS p
        """,
    ),
    Step(
        "domain_name",
        "the names on each domain, and how many there are",
        """
        SELECT key_domain, plain_name, count(*) OVER (PARTITION BY key_domain) AS names_on_domain
        FROM (SELECT DISTINCT key_domain, plain_name FROM record
              WHERE key_domain IS NOT NULL AND plain_name IS NOT NULL)
        """,
    ),
    Step(
        "name_group",
        "names alike on one domain share a group: the first of them in the alphabet",
        """
        SELECT a.key_domain, a.plain_name, min(b.plain_name) AS name_group
        FROM domain_name AS a
        CROSS JOIN params AS p
        JOIN domain_name AS b ON a.key_domain = b.key_domain AND (
            a.plain_name = b.plain_name
            OR a.names_on_domain <= p.comparable_names AND (
                split_part(a.plain_name, ' ', 1) = split_part(b.plain_name, ' ', 1)
                OR jaro_winkler_similarity(a.plain_name, b.plain_name) >= p.alike
            )
        )
        GROUP BY ALL
        """,
    ),
    Step(
        "named_record",
        "records with the group of their name on their domain",
        """
        SELECT r.*, g.name_group
        FROM record AS r LEFT JOIN name_group AS g
            ON r.key_domain = g.key_domain AND r.plain_name = g.plain_name
        """,
    ),
    Step(
        "shared_domain",
        "domains that too many unlike names of one source use to mean one company",
        """
        SELECT DISTINCT key_domain
        FROM named_record
        WHERE key_domain IS NOT NULL AND NOT is_merged
        GROUP BY key_domain, source
        HAVING count(DISTINCT name_group) >= (SELECT shared_domain_names FROM params)
        """,
    ),
    Step(
        "apart",
        "names that stay apart from the rest of their domain: subsidiaries unlike the parent on the same domain",
        """
        SELECT DISTINCT child.key_domain, child.name_group
        FROM named_record AS child
        JOIN named_record AS parent
            ON parent.source = child.source AND parent.source_id = child.parent_source_id
        WHERE child.key_domain = parent.key_domain AND child.name_group <> parent.name_group AND NOT child.is_deleted
        """,
    ),
    Step(
        "keyed_record",
        "records with what their domain says: `domain_key` joins, and `owns_domain` tells whose the domain is",
        """
        SELECT
            r.*,
            s.key_domain IS NOT NULL AS is_shared,
            r.key_domain IS NOT NULL AND s.key_domain IS NULL AND a.key_domain IS NULL AS owns_domain,
            CASE
                WHEN s.key_domain IS NULL AND a.key_domain IS NULL THEN r.key_domain
                WHEN r.name_group IS NOT NULL THEN r.key_domain || ' ' || r.name_group
            END AS domain_key
        FROM named_record AS r
        LEFT JOIN shared_domain AS s ON r.key_domain = s.key_domain
        LEFT JOIN apart AS a ON r.key_domain = a.key_domain AND r.name_group = a.name_group
        """,
    ),
)

EDGES = (
    Step(
        "exact_key",
        "what each record can be joined by",
        """
        SELECT record_key, CASE WHEN owns_domain THEN 'domain' ELSE 'domain_and_name' END AS match_rule,
            domain_key AS key
        FROM keyed_record WHERE domain_key IS NOT NULL
        UNION ALL
        SELECT record_key, 'linkedin_id', coalesce(linkedin_id, source_id)
        FROM keyed_record WHERE linkedin_id IS NOT NULL OR source = 'linkedin'
        """,
    ),
    Step(
        "edge",
        "pairs of records that are the same company",
        """
        SELECT
            first_value(record_key) OVER (PARTITION BY match_rule, key ORDER BY record_key) AS left_key,
            record_key AS right_key,
            match_rule,
            1.0::DOUBLE AS match_probability
        FROM exact_key
        QUALIFY left_key <> right_key
        UNION ALL
        SELECT record_key, source || ':' || merged_into_source_id, 'crm_merge', 1.0::DOUBLE
        FROM keyed_record WHERE merged_into_source_id IS NOT NULL
        UNION ALL
        SELECT record_key, same_as, 'same_as', 1.0::DOUBLE
        FROM keyed_record WHERE same_as IS NOT NULL AND same_as <> record_key
        """,
    ),
)
