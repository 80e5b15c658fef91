"""What holds records together besides likeness: typed keys, how far to trust each, and groups that need no weighing.

In: `record`, `record_domain`. Out: `rec` (records by number), `key_use` (record × key), `domain_use` and `atom_edge`.
A record's number is a hash of its key, so that it is the same in every run, whatever records there are beside it.

A key is a domain, a LinkedIn page, a DUNS number, a telephone number or what such numbers begin with: a switchboard's,
where all on it go by one name, else a telephone exchange's. **A key that connects too much is weak**: a
domain, number or page that records of many unlike names use, none of which has half of them, is an agency, a host, a
holding, a switchboard; it says little about which company it is. Names that fit the domain's own label
(acme.de: Acme, ACM Europe) count as one name. What is weak is found by evidence, each time anew, on top of the lists
of free-mail and shared domains that the programme declares.
"""

from __future__ import annotations

from abm_pipeline.identity import vocabulary as v
from abm_pipeline.storage.engine import Step

# Unlike names from which a key of no dominant name is weak; and from which even a name with most of it must have nearly
# all.
WEAK_NAMES, MANY_NAMES = 3, 12
FOLDED = "replace(replace(replace({}, 'ae', 'a'), 'oe', 'o'), 'ue', 'u')"

# Among more unlike names than this a word is rarer than it looks: the weights were fitted on about as many.
NAMES_LEARNED = 12_000
# The label of a domain without the country that some firms write into it (acme-fr.com).
_BRAND = "regexp_replace(split_part(d.domain, '.', 1), '(.{3})[-_](" + "|".join(v.COUNTRY_CODES.split()) + ")$', '\\1')"

PLACES = (
    Step(
        "place_word",
        "cities that records name: at the end of a name they tell a branch, not another company",
        f"""
        SELECT {FOLDED.format("city")} AS word FROM record WHERE city IS NOT NULL
        GROUP BY ALL HAVING count(DISTINCT country) <= 3 AND count(*) >= 5
        """,
    ),
    Step(
        "word_use",
        "words of names, and in how many unlike names each is: a word of many names tells them apart less",
        f"""
        WITH name AS (SELECT DISTINCT core FROM record WHERE core IS NOT NULL),
        scale AS (SELECT greatest(count(*) / {NAMES_LEARNED}, 1) AS factor FROM name)
        SELECT word, least(floor(log2(greatest(count(*) / any_value(factor), 1))), 9)::TINYINT AS names
        FROM (SELECT unnest(list_distinct(string_split(core, ' '))) AS word FROM name) CROSS JOIN scale
        GROUP BY word HAVING count(*) > 1
        """,
    ),
)

USES = (
    Step(
        "rec",
        "records by number, their names without a city at the end",
        """
        WITH rarest AS (
            SELECT core, min(coalesce(names, 0)) AS commonness FROM (
                SELECT core, unnest(string_split(core, ' ')) AS word FROM (SELECT DISTINCT core FROM record)
            ) LEFT JOIN word_use USING (word) WHERE length(word) >= 3 OR core NOT LIKE '% %' GROUP BY core
        )
        SELECT
            (hash(r.record_key) >> 1)::BIGINT AS id, commonness,
            r.* REPLACE (
                CASE
                    WHEN words >= 2 AND one.word IS NOT NULL THEN left(core, length(core) - length(one.word) - 1)
                    WHEN words >= 3 AND two.word IS NOT NULL THEN left(core, length(core) - length(two.word) - 1)
                    ELSE core
                END AS core
            )
        FROM (SELECT *, len(string_split(core, ' ')) AS words FROM record) AS r
        LEFT JOIN rarest USING (core)
        LEFT JOIN place_word AS one ON one.word = list_last(string_split(r.core, ' '))
        LEFT JOIN place_word AS two ON two.word = array_to_string(string_split(r.core, ' ')[-2:], ' ')
        """,
        is_local=True,
    ),
    Step(
        "domain_use",
        "domains of records, and whether the record's name fits the domain's label",
        f"""
        WITH labelled AS (
            SELECT
                r.id, d.domain, d.how, d.contacts, r.core, replace(r.core, ' ', '') AS squash,
                string_split(r.core, ' ') AS words, split_part(d.domain, '.', -1) AS suffix,
                {FOLDED.format(f"regexp_replace({_BRAND}, '[^a-z0-9]', '', 'g')")} AS label
            FROM record_domain AS d JOIN rec AS r USING (record_key)
        )
        SELECT
            id, domain, how, contacts, label, suffix, hash('d' || domain) AS key,
            core IS NOT NULL AND (
                length(label) >= 3 AND starts_with(squash, label)
                OR length(squash) >= 4 AND starts_with(label, squash)
                OR length(words[1]) >= 4 AND starts_with(label, words[1])
                OR jaro_winkler_similarity(squash, label) >= 0.9
                OR len(words) >= 3
                    AND array_to_string(list_transform(words, lambda word: left(word, 1)), '') = label
            ) AS fits
        FROM labelled
        """,
        is_local=True,
    ),
    Step(
        "key_use",
        "records and their keys",
        """
        SELECT id, 'domain' AS kind, domain AS value, key FROM domain_use WHERE how <= 2
        UNION ALL SELECT id, 'linkedin_id', linkedin, hash('l' || linkedin) FROM rec WHERE linkedin IS NOT NULL
        UNION ALL SELECT id, 'duns', duns, hash('u' || duns) FROM rec WHERE duns IS NOT NULL
        UNION ALL SELECT id, 'phone', phone, hash('p' || phone) FROM rec WHERE phone IS NOT NULL
        UNION ALL SELECT id, 'phone_stem', phone_stem, hash('t' || phone_stem)
        FROM rec WHERE phone_stem IS NOT NULL AND core IS NOT NULL
        """,
    ),
)

STRENGTHS = (
    Step(
        "key_name",
        "records by key and name; names are alike here if their first letters are, or if both fit the domain",
        """
        SELECT key_use.kind, key_use.key, any_value(key_use.value) AS value,
            CASE WHEN d.fits THEN '=' ELSE left(replace(rec.core, ' ', ''), 4) END AS name_start, count(*) AS records
        FROM key_use JOIN rec USING (id)
        LEFT JOIN domain_use AS d ON key_use.kind = 'domain' AND d.id = key_use.id AND d.key = key_use.key
        GROUP BY key_use.kind, key_use.key, name_start
        """,
    ),
    Step(
        "key_strength",
        "keys, the unlike names on each, the share of the first of them, and whether the key is weak",
        f"""
        SELECT *, names <= 1 AS is_lone,
            names >= {WEAK_NAMES} AND first_share < 0.5 OR names > {MANY_NAMES} AND first_share < 0.8 AS is_weak
        FROM (
            SELECT kind, key, any_value(value) AS value, sum(records) AS records, count(name_start) AS names,
                coalesce(max(records) FILTER (name_start IS NOT NULL)
                    / sum(records) FILTER (name_start IS NOT NULL), 1) AS first_share
            FROM key_name GROUP BY kind, key
        )
        """,
    ),
)

EDGES = (
    Step(
        "xref",
        "records that a source says are one, itself or by what it copies",
        """
        SELECT r.id AS left_id, o.id AS right_id, 'same_as' AS match_rule,
            r.core = o.core OR r.core IS NULL AND r.id NOT IN (SELECT id FROM key_use) AS is_alike
        FROM (SELECT id, core, unnest(xref) AS said FROM rec WHERE len(xref) > 0) AS r
        JOIN rec AS o ON o.record_key = r.said
        WHERE r.id <> o.id
        """,
    ),
    Step(
        "atom_edge",
        "pairs that need no weighing: one name and one key, no name and one strong domain, merged in the CRM, "
        "or decided",
        """
        WITH keyed AS (
            SELECT key_use.kind, key_use.key, rec.core, id, is_weak
            FROM key_use JOIN key_strength USING (kind, key) JOIN rec USING (id) WHERE kind <> 'phone_stem'
        ),
        star AS (
            SELECT min(id) OVER (PARTITION BY kind, key, core) AS left_id, id AS right_id, kind AS match_rule
            FROM keyed WHERE core IS NOT NULL
            UNION ALL
            SELECT min(id) OVER (PARTITION BY key), id, kind
            FROM keyed WHERE core IS NULL AND kind = 'domain' AND NOT is_weak
        )
        SELECT left_id, right_id, arg_min(match_rule, strength) AS match_rule, min(strength) AS strength
        FROM (
            SELECT l.id AS left_id, r.id AS right_id, 'decision' AS match_rule, 1 AS strength
            FROM decision AS d JOIN rec AS l ON l.record_key = d.left_key JOIN rec AS r ON r.record_key = d.right_key
            WHERE d.kind = 'merge'
            UNION ALL
            SELECT r.id, o.id, 'crm_merge', 2
            FROM rec AS r JOIN rec AS o ON o.record_key = r.source || ':' || r.merged_into
            WHERE r.id <> o.id
            UNION ALL
            -- what they went into may never have been seen
            SELECT min(id) OVER (PARTITION BY source, merged_into), id, 'crm_merge', 2
            FROM rec WHERE merged_into IS NOT NULL
            UNION ALL
            SELECT left_id, right_id, match_rule, 3 FROM xref WHERE is_alike
            UNION ALL
            SELECT left_id, right_id, match_rule,
                4 + list_position(['domain', 'linkedin_id', 'duns', 'phone'], match_rule)
            FROM star
        )
        WHERE left_id <> right_id
        GROUP BY left_id, right_id
        """,
    ),
)

KEYS = (*PLACES, *USES, *STRENGTHS, *EDGES)
