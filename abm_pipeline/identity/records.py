"""Company records made comparable: what each says, in one spelling, and what says nothing left out.

In: `company_record`, one row a record with the columns of `INPUT`, all but source and source_id nullable. Out:
`record`. Nothing is decided here. A text that only stands for a missing one is null: "n/a", DUNS 999999999, a free-mail
domain.

Names: `plain` has no case, accents, punctuation, notes about the record and legal forms; `core` also lacks what makes
no other company of it (country, "Group", the record's own city) and folds ae, oe, ue, so that Müller, Mueller and
Muller are one. `also` are cores of names that the record says it had or goes by (formerly, d/b/a).
"""

from __future__ import annotations

import re
from dataclasses import replace

from abm_pipeline.identity import vocabulary as v
from abm_pipeline.storage.engine import Step

INPUT = {
    "source": "VARCHAR",
    "source_id": "VARCHAR",
    "name": "VARCHAR",
    "website": "VARCHAR",
    "domain": "VARCHAR",
    "additional_domains": "VARCHAR[]",
    "email_domains": "VARCHAR[]",
    "linkedin_id": "VARCHAR",
    "xref": "VARCHAR[]",
    "phone": "VARCHAR",
    "duns": "VARCHAR",
    "country": "VARCHAR",
    "region": "VARCHAR",
    "city": "VARCHAR",
    "industry": "VARCHAR",
    "employee_count": "BIGINT",
    "parent": "VARCHAR",
    "created_at": "TIMESTAMPTZ",
    "modified_at": "TIMESTAMPTZ",
    "is_deleted": "BOOLEAN",
    "merged_into": "VARCHAR",
    "known_at": "TIMESTAMPTZ",
}


# Literals, for a pattern that comes out of a table is compiled for every row.
_PATTERN = {
    "signs": r"[®™©℠\x{2190}-\x{2BFF}\x{FE0F}\x{200D}\x{1F000}-\x{1FAFF}]",
    "legal_end": v.legal_end(),
    "legal_front": f"^(?:{'|'.join(v.LEGAL_FRONT.split())}|m s) ",
    "legal_native": "|".join(re.escape(form) for form in v.LEGAL_NATIVE),
    "soft_end": v.soft_end(),
    "notes": f"(?i)[-*#!>~( ]*(?:{v.NOTES}).*$",
    "notes_front": f"(?i)^[\\W_]*(?:{v.NOTES_FRONT})",
    "also": f"(?i){v.ALSO}",
    "owned": f"(?i)[\\s,(|–-]+{v.OWNED}",
    "owned_company": f"(?i){v.OWNED_COMPANY}",
    "remark": f"(?i)^(.{{3,}}?)(?:{v.REMARK}(.+))?$",
    "beside": v.BESIDE,
}
_SQL_PATTERN = {name: "'" + pattern.replace("'", "''") + "'" for name, pattern in _PATTERN.items()}


# A name to words: dots of abbreviations vanish ("S.p.A." is "spa"), all else that is no letter or digit parts words.
_WORDS = """trim(regexp_replace(regexp_replace(replace(replace(
    latin({text}), '&', ' and '), '''', ''), '\\b([a-z])\\.', '\\1', 'g'), '[^a-z0-9]+', ' ', 'g'))"""

_CLEAN = (
    Step(
        "distinct_name",
        "every spelling of a name once, its notes and remarks cut off, apart from other names and the owner it gives",
        """
        SELECT
            name, owner,
            trim(regexp_replace(regexp_extract(cut[1], @remark@, 1), '[(\\[{"*]+\\s*$', '')) AS main,
            CASE
                WHEN len(cut) > 1 THEN trim(cut[2], ' :()[]"''')
                WHEN regexp_matches(cut[1], @beside@) THEN regexp_extract(cut[1], @remark@, 2)
            END AS other
        FROM (
            SELECT name,
                nullif(trim(coalesce(
                    nullif(regexp_extract(text, @owned@, 1), ''), regexp_extract(text, @owned_company@, 1)
                ), ' )]'), '') AS owner,
                regexp_split_to_array(
                    regexp_replace(regexp_replace(text, @owned@, ''), @owned_company@, ''), @also@
                ) AS cut
            FROM (
                SELECT name, regexp_replace(regexp_replace(regexp_replace(regexp_replace(
                    name, @signs@, ' ', 'g'), @notes_front@, ''), @legal_native@, ' ', 'g'), @notes@, '') AS text
                FROM (SELECT name FROM company_record WHERE name IS NOT NULL
                      UNION SELECT parent FROM company_record WHERE parent IS NOT NULL)
            )
        )
        """,
    ),
    Step(
        "worded_name",
        "names in words; what stands in brackets is left out, an e-mail address or a link names nobody",
        f"""
        SELECT name, {_WORDS.format(text="main_text")} AS main, {_WORDS.format(text="other")} AS other,
            {_WORDS.format(text="owner")} AS owner
        FROM (
            SELECT * EXCLUDE (main),
                CASE WHEN main LIKE '%@%' OR main ILIKE 'http%' OR main ILIKE 'www.%' THEN ''
                    ELSE regexp_replace(regexp_replace(main, '\\([^)]*\\)|\\[[^\\]]*\\]', ' ', 'g'),
                        '\\.(com|net|org|io|co|ai|de|fr|eu)\\b', '', 'g') END AS main_text
            FROM distinct_name
        )
        """,
    ),
    Step(
        "plain_name",
        "names without legal forms and articles",
        """
        SELECT name, full_name, plain, other, owner FROM (
            SELECT name, main AS full_name,
                coalesce(nullif(trim(regexp_replace(regexp_replace(regexp_replace(
                    main, @legal_front@, ''), @legal_end@, ''), @legal_end@, '')), ''), main) AS plain,
                coalesce(nullif(trim(regexp_replace(regexp_replace(
                    other, @legal_front@, ''), @legal_end@, '')), ''), other) AS other,
                coalesce(nullif(trim(regexp_replace(regexp_replace(
                    owner, @legal_front@, ''), @legal_end@, '')), ''), owner) AS owner
            FROM worded_name CROSS JOIN text_params AS t
        ) CROSS JOIN text_params AS t
        WHERE NOT list_contains(t.junk, plain) AND NOT list_contains(t.junk, full_name)
            AND length(regexp_replace(plain, '[^a-z]', '', 'g')) >= 2
            AND len(list_distinct(string_split(plain, ''))) > 1
        """,
    ),
    Step(
        "name_key",
        "cores of the names",
        """
        WITH spelled AS (
            SELECT name, full_name, plain, unnest([plain, nullif(other, ''), nullif(owner, '')]) AS text,
                unnest([1, 2, 3]) AS place
            FROM plain_name
        ),
        worded AS (
            SELECT * EXCLUDE (text), array_to_string(list_filter(
                list_transform(string_split(text, ' '), lambda word: coalesce(t.short[word], word)),
                lambda word: word NOT IN ('and', 'the', 'of', 'und', 'et', 'y')
            ), ' ') AS text
            FROM spelled CROSS JOIN text_params AS t WHERE text IS NOT NULL
        ),
        bare AS (
            SELECT * EXCLUDE (text), text, regexp_replace(text, @soft_end@, '') AS short_text
            FROM worded CROSS JOIN text_params AS t
        )
        SELECT
            name, any_value(full_name) AS full_name, any_value(plain) AS plain,
            any_value(core) FILTER (place = 1) AS core, any_value(core) FILTER (place = 2) AS also,
            any_value(core) FILTER (place = 3) AS owner
        FROM (
            SELECT *, replace(replace(replace(
                CASE WHEN length(short_text) >= 3 THEN short_text ELSE text END,
                'ae', 'a'), 'oe', 'o'), 'ue', 'u') AS core
            FROM bare
        )
        GROUP BY name
        """,
    ),
    Step(
        "record_domain",
        "domains that records name, by how: own (domain, website, further ones), "
        "or mail (of their people, with how many)",
        """
        WITH said AS (
            SELECT record_key, 'own' AS how, registrable_domain(domain) AS domain, NULL::BIGINT AS contacts
            FROM company_record WHERE domain IS NOT NULL
            UNION ALL
            SELECT record_key, 'own', registrable_domain(website), NULL FROM company_record WHERE website IS NOT NULL
            UNION ALL
            SELECT record_key, 'own',
                registrable_domain(regexp_extract(lower(name), '[a-z0-9.-]+\\.[a-z]{2,}', 0)), NULL
            FROM company_record WHERE name LIKE '%@%' OR regexp_matches(name, '^(?i)(https?://|www\\.)\\S+$')
            UNION ALL
            SELECT record_key, 'also', registrable_domain(unnest(additional_domains)), NULL
            FROM company_record WHERE len(additional_domains) > 0
            UNION ALL
            SELECT record_key, 'mail', registrable_domain(split_part(said, ':', 1)),
                coalesce(TRY_CAST(nullif(split_part(said, ':', 2), '') AS BIGINT), 1)
            FROM (SELECT record_key, unnest(email_domains) AS said FROM company_record WHERE len(email_domains) > 0)
        )
        SELECT record_key, domain, min(array_position(['own', 'also', 'mail'], how)) AS how, max(contacts) AS contacts
        FROM said CROSS JOIN text_params AS t
        WHERE domain IS NOT NULL AND NOT list_contains(t.unusable_domains, domain)
        GROUP BY record_key, domain
        """,
    ),
    Step(
        "record",
        "every record, comparable",
        """
        SELECT
            i.record_key, i.source, i.source_id, i.name,
            n.full_name, n.plain, n.also,
            CASE WHEN ends_with(n.core, ' ' || i.plain_city)
                THEN left(n.core, length(n.core) - length(i.plain_city) - 1) ELSE n.core END AS core,
            CASE
                WHEN ltrim(li.numbered, '0') <> '' THEN 'n:' || ltrim(li.numbered, '0')
                WHEN li.slug <> '' THEN 's:' || li.slug
            END AS linkedin,
            CASE WHEN length(i.duns_digits) = 9 AND len(list_distinct(string_split(i.duns_digits, ''))) > 2
                AND i.duns_digits NOT IN ('123456789', '987654321', '012345678') THEN i.duns_digits END AS duns,
            CASE WHEN length(i.phone_digits) BETWEEN 8 AND 15
                AND len(list_distinct(string_split(right(i.phone_digits, 8), ''))) > 2
                AND i.phone_digits NOT LIKE '%1234567%' THEN right(i.phone_digits, 8) END AS phone,
            -- what a switchboard and its extensions have in common
            CASE WHEN phone IS NOT NULL AND length(i.phone_digits) BETWEEN 10 AND 13
                THEN left(right(i.phone_digits, 10), 7) END AS phone_stem,
            country_code(i.country) AS country,
            i.plain_city AS city,
            nullif(trim(regexp_replace(latin(i.industry), '[^a-z]+', ' ', 'g')), '') AS industry,
            CASE WHEN i.employee_count > 0 THEN i.employee_count END AS employees,
            i.parent, coalesce(p.core, n.owner) AS parent_core, i.xref, i.merged_into, i.created_at,
            coalesce(i.created_at, i.known_at) AS known_at, i.modified_at,
            coalesce(i.is_deleted, false) AS is_deleted
        FROM (
            SELECT *,
                nullif(trim(regexp_replace(latin(city), '[^a-z]+', ' ', 'g')), '') AS plain_city,
                -- zeros in front get lost, or are too many; a number with more digits is none
                regexp_replace(regexp_replace(coalesce(duns, ''), '[^0-9]', '', 'g'), '^0+', '') AS duns_number,
                repeat('0', 9 - length(duns_number)) || duns_number AS duns_digits,
                regexp_replace(regexp_replace(coalesce(phone, ''), '(?i)\\s*(ext|x|extension|durchwahl|#).*$', ''),
                    '[^0-9]', '', 'g') AS phone_digits
            FROM company_record
        ) AS i
        LEFT JOIN name_key AS n ON n.name = i.name
        LEFT JOIN name_key AS p ON p.name = i.parent
        LEFT JOIN (
            SELECT record_key,
                regexp_extract(linkedin_id, '(?:organization:|organizationBrand:|company/|^)(\\d+)/?$', 1) AS numbered,
                lower(regexp_extract(linkedin_id,
                    '(?i)linkedin\\.com/(?:company|school|showcase)/([^/?#]*[^/?#0-9][^/?#]*)', 1)) AS slug
            FROM company_record WHERE linkedin_id IS NOT NULL
        ) AS li USING (record_key)
        """,
    ),
)


def _filled(step: Step) -> Step:
    sql = step.sql
    for name, literal in _SQL_PATTERN.items():
        sql = sql.replace(f"@{name}@", literal)
    return replace(step, sql=sql, is_local=True)


CLEAN = tuple(map(_filled, _CLEAN))
