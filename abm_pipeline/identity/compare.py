"""Groups of records side by side: what each group holds, which pairs are worth a look, and what speaks for or against.

In: `rec`, `key_use`, `domain_use`, `key_strength`, `member` (id → node) and `grouped`, those members whose group is
new. Out: `new_node` of those, `pair`, and `compared` of the pairs in `todo`, one row a pair with a level per
comparison: names, domains, pages, numbers, places, industries, sizes. What the levels weigh is `model`'s. A group of
one record and a group of fifty are compared alike, so the same steps serve every round.

Industries and cities are written differently by every source; which go together is learned from the groups themselves:
two values that stand side by side in one group more often than by chance say the same.
"""

from __future__ import annotations

from abm_pipeline.storage.engine import Step

# Of a group's names, cities and industries, as many are compared.
NAMES, PLACES = 4, 4
# A block of more groups than this says nothing that a smaller one doesn't.
BLOCK = 30
# Of how many groups go by a name a few bands are told apart, of those that something else holds together and of the
# others. An increment compares pairs anew only where either of the two changes.
LOOSE = "CASE WHEN loose >= 9 THEN 9 WHEN loose >= 5 THEN 5 WHEN loose >= 3 THEN 3 ELSE loose END"
ANCHORED = "CASE WHEN anchored >= 11 THEN 11 WHEN anchored >= 7 THEN 8 WHEN anchored >= 4 THEN 5 ELSE anchored END"
# Suffixes of countries that everybody uses.
OPEN_SUFFIXES = "('io','co','ai','me','tv','eu','cc','ly','fm','gg','to','ag','is')"


def _initials(text: str) -> str:
    return f"array_to_string(list_transform(string_split({text}, ' '), lambda word: left(word, 1)), '')"


def _likeness(a: str, b: str) -> str:
    """SQL for how alike two names are.

    5 the same, 4 the same words, 3 a typo apart, 2 one within the other or its initials, 1 somewhat alike, 0 unlike.
    """
    return f"""
        CASE
            WHEN {a} = {b} THEN 5
            WHEN replace({a}, ' ', '') = replace({b}, ' ', '') THEN 4
            WHEN length({a}) = length({b}) AND list_sort(string_split({a}, ' ')) = list_sort(string_split({b}, ' '))
                THEN 4
            WHEN least(length({a}), length({b})) >= 6 AND left({a}, 1) = left({b}, 1)
                AND jaro_winkler_similarity({a}, {b}) >= 0.94 THEN 3
            WHEN split_part({a}, ' ', 1) = split_part({b}, ' ', 1) AND (
                list_has_all(string_split({a}, ' '), string_split({b}, ' '))
                OR list_has_all(string_split({b}, ' '), string_split({a}, ' '))) THEN 2
            WHEN greatest(length({a}), length({b})) >= 12 AND least(length({a}), length({b})) >= 6
                AND (starts_with({a}, {b}) OR starts_with({b}, {a})) THEN 2
            WHEN length({b}) < 8 AND {a} LIKE '% % %' AND {_initials(a)} = {b} THEN 2
            WHEN length({a}) < 8 AND {b} LIKE '% % %' AND {_initials(b)} = {a} THEN 2
            WHEN least(length({a}), length({b})) >= 5 AND jaro_winkler_similarity({a}, {b}) >= 0.88 THEN 1
            ELSE 0
        END
    """


def _affinity(column: str) -> Step:
    return Step(
        f"{column}_affinity",
        f"how much oftener than by chance two spellings of a {column} stand in one group, in bits",
        f"""
        WITH held AS (
            SELECT DISTINCT node, {column} AS value FROM member JOIN rec USING (id) WHERE {column} IS NOT NULL
        ),
        few AS (SELECT node FROM held GROUP BY node HAVING count(*) BETWEEN 2 AND 6),
        beside AS (
            SELECT l.value AS a, r.value AS b, count(*) AS times
            FROM held AS l JOIN few USING (node) JOIN held AS r USING (node) WHERE l.value <> r.value
            GROUP BY ALL
        ),
        single AS (SELECT a, sum(times) AS times FROM beside GROUP BY a)
        SELECT b.a, b.b, log2(b.times * (SELECT sum(times) FROM beside) / (l.times * r.times)) AS bits
        FROM beside AS b JOIN single AS l ON l.a = b.a JOIN single AS r ON r.a = b.b
        WHERE b.times >= 3
        """,
    )


AFFINITIES = (_affinity("industry"), _affinity("city"))

NODES = (
    Step(
        "node_name",
        "names of each group, the most used first",
        f"""
        SELECT node, list(core ORDER BY -uses, core)[:{NAMES}] AS cores,
            arg_min(commonness, (-uses, core)) AS commonness
        FROM (
            SELECT node, core, sum(uses) AS uses, max(commonness) AS commonness FROM (
                SELECT node, core, commonness, 2 AS uses FROM grouped JOIN rec USING (id) WHERE core IS NOT NULL
                UNION ALL SELECT node, also, NULL, 1 FROM grouped JOIN rec USING (id) WHERE also IS NOT NULL
            ) GROUP BY node, core
        ) GROUP BY node
        """,
    ),
    Step(
        "node_key",
        "keys of each group",
        """
        SELECT
            node,
            list(key) FILTER (kind = 'domain' AND NOT is_weak) AS domains,
            list(key) FILTER (kind = 'domain' AND NOT is_weak AND is_lone) AS lone_domains,
            list(key) FILTER (kind = 'domain' AND is_weak) AS weak_domains,
            list(key) FILTER (uses = 1 AND most >= 3) AS stray_keys,
            list(key) FILTER (kind = 'linkedin_id') AS pages,
            list_sort(list_distinct(list(left(value, 1)) FILTER (kind = 'linkedin_id'))) AS page_kinds,
            list(key) FILTER (kind = 'duns') AS duns,
            list(key) FILTER (kind = 'phone' AND NOT is_weak) AS phones,
            list(key) FILTER (kind = 'phone' AND is_weak) AS weak_phones,
            list(key) FILTER (kind = 'phone_stem' AND is_lone) AS stems
        FROM (
            SELECT *, max(uses) OVER (PARTITION BY node, kind) AS most FROM (
                SELECT node, kind, key, any_value(value) AS value, count(*) AS uses
                FROM key_use JOIN grouped USING (id) GROUP BY node, kind, key
            )
        ) JOIN (SELECT key, is_weak, is_lone FROM key_strength) USING (key)
        GROUP BY node
        """,
    ),
    Step(
        "node_domain",
        "what else domains say of each group: labels, those that its names fit, mail domains, countries",
        f"""
        SELECT
            node,
            list_sort(list_distinct(list(label) FILTER (how <= 2 AND length(label) >= 4))) AS labels,
            list_sort(list_distinct(list(label) FILTER (how <= 2 AND fits))) AS fit_labels,
            list_distinct(list(key) FILTER (fits)) AS fit_domains,
            list_distinct(list(key) FILTER (how = 3)) AS mails,
            list_distinct(list(key) FILTER (how = 3 AND (fits OR 2 * mail_contacts >= all_contacts))) AS main_mails,
            list_sort(list_distinct(list(upper(replace(suffix, 'uk', 'gb'))) FILTER (
                how <= 2 AND length(suffix) = 2 AND suffix NOT IN {OPEN_SUFFIXES}
            ))) AS suffixes
        FROM (
            SELECT *, sum(contacts) FILTER (how = 3) OVER (PARTITION BY node, key) AS mail_contacts,
                sum(contacts) FILTER (how = 3) OVER (PARTITION BY node) AS all_contacts
            FROM domain_use JOIN grouped USING (id)
        )
        GROUP BY node
        """,
    ),
    Step(
        "node_fact",
        "where and what each group is",
        """
        SELECT
            node, count(*) AS records, min(id) AS first_id,
            list_sort(list_distinct(list(country) FILTER (country IS NOT NULL))) AS countries,
            list_sort(list_distinct(list(city) FILTER (city IS NOT NULL))) AS cities,
            list_sort(list_distinct(list(industry) FILTER (industry IS NOT NULL))) AS industries,
            list_sort(list_distinct(list(country) FILTER (duns IS NOT NULL AND country IS NOT NULL)))
                AS duns_countries,
            list_sort(list_distinct(list(country) FILTER (linkedin IS NOT NULL AND country IS NOT NULL)))
                AS page_countries,
            list_sort(list_distinct(list(parent_core) FILTER (parent_core IS NOT NULL))) AS parent_cores,
            median(employees) AS employees
        FROM grouped JOIN rec USING (id)
        GROUP BY node
        """,
    ),
    Step(
        "new_node",
        "the groups with all that is compared",
        """
        SELECT
            f.* EXCLUDE (countries),
            nullif(list_sort(list_distinct(list_concat(coalesce(f.countries, []), coalesce(d.suffixes, [])))), [])
                AS countries,
            n.cores, n.commonness, list_transform(n.cores, lambda core: replace(core, ' ', '')) AS squashes,
            k.* EXCLUDE (node), d.* EXCLUDE (node, suffixes),
            coalesce(k.domains, k.pages, k.duns, k.phones) IS NOT NULL AS is_anchored
        FROM node_fact AS f
        LEFT JOIN node_name AS n USING (node)
        LEFT JOIN node_key AS k USING (node)
        LEFT JOIN node_domain AS d USING (node)
        """,
    ),
)

NODE_CORE = Step(
    "node_core",
    "groups by each of their names",
    "SELECT node, unnest(cores) AS core FROM node WHERE cores IS NOT NULL",
    is_view=True,
)
NAME_USE = Step(
    "name_use",
    "how many go by each name: groups that something besides the name holds together; and those with nothing else",
    f"""
        SELECT core, {ANCHORED} AS anchored, {LOOSE} AS loose
        FROM (
            SELECT core, sum(anchored) AS anchored, sum(loose) AS loose FROM (
                SELECT core, is_anchored::INTEGER AS anchored, (NOT is_anchored)::INTEGER AS loose
                FROM node_core JOIN node USING (node) WHERE node NOT IN (SELECT id FROM beside)
                UNION ALL
                SELECT core, anchored, loose FROM name_elsewhere WHERE round <= (SELECT round FROM now)
            ) GROUP BY core
        )
        """,
)

BLOCKS = (
    Step(
        "block",
        "what groups are looked up by: keys, names in several spellings, labels of domains, initials",
        f"""
        WITH word AS (
            SELECT node, unnest(list_transform(labels, lambda label: 'b' || label)) AS word FROM node
            UNION ALL
            SELECT node, unnest(list_transform(countries, lambda country: 'n' || core || '|' || country))
            FROM node_core JOIN node USING (node)
            UNION ALL
            SELECT node, unnest([
                'n' || core,
                'n' || array_to_string(list_sort(string_split(core, ' ')), ' '),
                'n' || replace(core, ' ', ''),
                'b' || replace(core, ' ', ''),
                CASE WHEN core LIKE '% % %' THEN 'b' || split_part(core, ' ', 1) || split_part(core, ' ', 2) END,
                CASE WHEN core LIKE '% % %' THEN 'b' || {_initials("core")} END,
                CASE WHEN length(core) >= 6
                    THEN 'f' || split_part(core, ' ', 1) || ' ' || left(split_part(core, ' ', 2), 3) END,
                CASE WHEN length(core) >= 6 THEN 'x' || regexp_replace(core, '[aeiouyh ]', '', 'g') END,
                CASE WHEN length(core) >= 7 THEN 'y' || left(replace(core, ' ', ''), 6) || cities[1] END,
                CASE WHEN core LIKE '% %' AND length(core) >= 9
                    THEN 'z' || left(core, 2) || substr(core, instr(core, ' ') - 1) END
            ]) FROM node_core JOIN node USING (node)
        )
        SELECT node, unnest(list_concat(domains, pages, duns, phones, mails, stems)) AS block FROM node
        UNION SELECT node, hash(word) FROM word WHERE word IS NOT NULL
        """,
    ),
)

PAIRS = (
    Step(
        "pair",
        "pairs of groups that share a block which isn't too large, or that a source names together",
        f"""
        WITH small AS (
            SELECT block FROM block GROUP BY block HAVING count(*) BETWEEN 2 AND {BLOCK}
        )
        SELECT l.node AS a, r.node AS b
        FROM small JOIN block AS l USING (block) JOIN block AS r USING (block) WHERE l.node < r.node
        UNION SELECT a, b FROM said_same
        UNION SELECT a, b FROM said_parent
        """,
    ),
)

PARENT_RECORD = Step(
    "parent_record",
    "records and those that they call their parent by its id",
    "SELECT c.id AS left_id, p.id AS right_id FROM rec AS c JOIN rec AS p ON p.record_key = c.parent",
)
SAID = (
    Step(
        "said_same",
        "groups that a source says are one",
        """
        SELECT DISTINCT least(l.node, r.node) AS a, greatest(l.node, r.node) AS b
        FROM xref JOIN member AS l ON l.id = left_id JOIN member AS r ON r.id = right_id WHERE l.node <> r.node
        """,
    ),
    Step(
        "said_parent",
        "groups one of which a source calls the other's parent",
        """
        SELECT DISTINCT least(l.node, r.node) AS a, greatest(l.node, r.node) AS b
        FROM parent_record JOIN member AS l ON l.id = left_id JOIN member AS r ON r.id = right_id
        WHERE l.node <> r.node
        """,
    ),
)


def _pairwise(column: str, held: str) -> Step:
    return Step(
        f"pair_{column}",
        f"the best agreement of two groups on {column}, in bits; -9 where they share nothing",
        f"""
        WITH l AS (
            SELECT a, b, unnest(na.{held}[:{PLACES}]) AS x, nb.{held}[:{PLACES}] AS ys
            FROM todo JOIN node AS na ON na.node = a JOIN node AS nb ON nb.node = b
            WHERE na.{held} IS NOT NULL AND nb.{held} IS NOT NULL
        ),
        each AS (SELECT a, b, x, unnest(ys) AS y FROM l)
        SELECT e.a, e.b, max(CASE WHEN x = y THEN 9 ELSE coalesce(f.bits, -9) END) AS bits
        FROM each AS e LEFT JOIN {column}_affinity AS f ON f.a = e.x AND f.b = e.y
        GROUP BY e.a, e.b
        """,
    )


COMPARED = (
    Step(
        "pair_name",
        "the likest names of two groups",
        f"""
        WITH named AS (
            SELECT a, b, na.cores AS xs, nb.cores AS ys
            FROM todo JOIN node AS na ON na.node = a JOIN node AS nb ON nb.node = b
            WHERE na.cores IS NOT NULL AND nb.cores IS NOT NULL
        ),
        single AS (SELECT a, b, xs[1] AS x, ys[1] AS y FROM named WHERE len(xs) = 1 AND len(ys) = 1),
        l AS (SELECT a, b, unnest(xs) AS x, ys FROM named WHERE len(xs) > 1 OR len(ys) > 1),
        each AS (SELECT a, b, x, unnest(ys) AS y FROM l),
        liked AS (SELECT a, b, {_likeness("x", "y")} AS likeness, x, y FROM each),
        likest AS (
            SELECT a, b, {_likeness("x", "y")} AS likeness, {{'x': x, 'y': y}} AS names FROM single
            UNION ALL
            SELECT a, b, max(likeness), arg_max({{'x': x, 'y': y}}, (likeness, -length(x), x, y))
            FROM liked GROUP BY a, b
        )
        SELECT a, b, likeness, names.x, names.y,
            (100 * jaro_winkler_similarity(names.x, names.y))::INTEGER AS spelling
        FROM likest
        """,
        is_local=True,
    ),
    _pairwise("industry", "industries"),
    _pairwise("city", "cities"),
    Step(
        "compared",
        "pairs with the level of every comparison; -1 where one side says nothing",
        """
        WITH named AS (
            SELECT
                p.a, p.b, p.likeness, p.spelling, coalesce(x.loose, 0) AS loose, p.x, p.y,
                CASE WHEN length(p.x) <= length(p.y) THEN p.x ELSE p.y END AS short,
                coalesce(x.anchored, 0) + CASE WHEN p.x <> p.y THEN coalesce(y.anchored, 0) ELSE 0 END AS bearers
            FROM pair_name AS p
            LEFT JOIN name_use AS x ON x.core = p.x
            LEFT JOIN name_use AS y ON y.core = p.y
        )
        SELECT
            t.a, t.b,
            coalesce(n.likeness, -1) AS name,
            coalesce(n.spelling, -1) AS spelling,
            CASE WHEN n.a IS NULL THEN 0 ELSE least(length(n.short), 30) END AS length,
            CASE
                WHEN n.likeness IS DISTINCT FROM 2 THEN 0
                WHEN n.short NOT LIKE '% %' AND length(n.short) < 8 AND NOT starts_with(n.x, n.y)
                    AND NOT starts_with(n.y, n.x)
                    THEN CASE WHEN length(n.short) <= 3 THEN 1 ELSE 2 END
                WHEN n.short NOT LIKE '% %' THEN 3
                ELSE 4
            END AS shortened,
            CASE WHEN n.a IS NULL THEN 0
                ELSE least(greatest(n.bearers - na.is_anchored::INTEGER - nb.is_anchored::INTEGER, 0), 9) END AS rivals,
            least(coalesce(n.loose, 0), 9) AS loose,
            coalesce(greatest(na.commonness, nb.commonness), -1) AS commonness,
            least(na.records, nb.records, 20) AS fewer, least(greatest(na.records, nb.records), 20) AS more,
            na.is_anchored::INTEGER + nb.is_anchored::INTEGER AS anchored,
            CASE
                WHEN list_has_any(na.domains, nb.domains) THEN CASE
                    WHEN list_has_any(na.fit_domains, nb.fit_domains) THEN 9
                    WHEN list_has_any(list_filter(na.domains, lambda key: list_contains(nb.domains, key)),
                        list_concat(na.stray_keys, nb.stray_keys)) THEN 6
                    ELSE 8 END
                WHEN list_has_any(na.domains, nb.main_mails) OR list_has_any(nb.domains, na.main_mails) THEN 7
                WHEN list_has_any(na.main_mails, nb.main_mails) THEN 5
                WHEN list_has_any(na.labels, nb.labels) THEN 4
                WHEN list_has_any(na.domains, nb.mails) OR list_has_any(nb.domains, na.mails) THEN 3
                WHEN list_has_any(na.weak_domains, nb.weak_domains) THEN 2
                WHEN na.domains IS NOT NULL AND nb.domains IS NOT NULL THEN 0
                ELSE 1
            END AS domain,
            least(coalesce(len(list_intersect(na.domains, nb.domains)), 0), 4) AS domains_shared,
            coalesce(least(len(na.domains), len(nb.domains), 5), 0) AS domains_fewer,
            least(greatest(coalesce(len(na.domains), 0), coalesce(len(nb.domains), 0)), 5) AS domains_more,
            CASE
                WHEN list_has_any(na.lone_domains, nb.domains) THEN 2
                WHEN list_has_any(na.lone_domains, nb.mails) OR list_has_any(nb.lone_domains, na.mails) THEN 1
                ELSE 0
            END AS lone_domain,
            coalesce(list_has_any(na.domains, nb.main_mails), false)::INTEGER
                + coalesce(list_has_any(nb.domains, na.main_mails), false)::INTEGER
                + coalesce(list_has_any(na.main_mails, nb.main_mails), false)::INTEGER AS mail,
            CASE
                WHEN na.fit_labels IS NULL OR nb.fit_labels IS NULL THEN
                    CASE WHEN list_has_any(na.squashes, nb.labels) OR list_has_any(nb.squashes, na.labels)
                        THEN 3 ELSE 2 END
                WHEN list_has_any(na.fit_labels, nb.fit_labels) THEN 4
                WHEN starts_with(na.fit_labels[1], nb.fit_labels[1])
                    OR starts_with(nb.fit_labels[1], na.fit_labels[1]) THEN 1
                ELSE 0
            END AS label,
            CASE
                WHEN list_has_any(na.pages, nb.pages) THEN
                    CASE WHEN list_has_any(list_filter(na.pages, lambda key: list_contains(nb.pages, key)),
                        list_concat(na.stray_keys, nb.stray_keys)) THEN 2 ELSE 3 END
                WHEN list_has_any(na.page_kinds, nb.page_kinds) THEN CASE
                    WHEN NOT list_has_any(na.page_countries, nb.page_countries) THEN 0 ELSE -1 END
                ELSE 1
            END AS linkedin,
            CASE
                WHEN list_has_any(na.duns, nb.duns) THEN 3
                WHEN na.duns IS NULL OR nb.duns IS NULL THEN 1
                WHEN list_has_any(na.duns_countries, nb.duns_countries) THEN 0
                ELSE 2
            END AS duns,
            CASE
                WHEN list_has_any(na.phones, nb.phones) THEN 4
                WHEN list_has_any(na.weak_phones, nb.weak_phones) THEN 2
                WHEN list_has_any(na.stems, nb.stems) THEN 3
                WHEN na.phones IS NULL OR nb.phones IS NULL THEN 1
                ELSE 0
            END AS phone,
            CASE
                WHEN c.bits >= 6 THEN 4
                WHEN c.bits >= 2 THEN 3
                WHEN list_has_any(na.countries, nb.countries)
                    THEN CASE WHEN na.cities IS NULL OR nb.cities IS NULL THEN 2 ELSE 1 END
                WHEN na.countries IS NULL OR nb.countries IS NULL THEN -1
                ELSE 0
            END AS place,
            coalesce(least(len(na.countries), len(nb.countries), 5), 0) AS countries_fewer,
            least(greatest(coalesce(len(na.countries), 0), coalesce(len(nb.countries), 0)), 9) AS countries_more,
            -- between what never and what may go together, if one side says nothing
            CASE WHEN i.bits IS NULL THEN 0 WHEN i.bits >= 0 THEN 1 + floor(i.bits)
                ELSE greatest(floor(i.bits), -5) END::INTEGER AS industry,
            CASE WHEN na.employees IS NULL OR nb.employees IS NULL THEN -1
                ELSE least(floor(log2(greatest(na.employees, nb.employees) / least(na.employees, nb.employees))), 9)
            END::INTEGER AS size,
            CASE WHEN s.a IS NULL THEN 0 ELSE 1 END AS said_same,
            CASE
                WHEN p.a IS NOT NULL OR list_has_any(na.parent_cores, nb.cores)
                    OR list_has_any(nb.parent_cores, na.cores)
                    THEN CASE WHEN n.likeness >= 4 THEN 3 WHEN n.likeness >= 2 THEN 2 ELSE 1 END
                WHEN list_has_any(na.parent_cores, nb.parent_cores) AND n.likeness < 4 THEN 4
                ELSE 0
            END AS said_parent
        FROM todo AS t
        JOIN node AS na ON na.node = t.a
        JOIN node AS nb ON nb.node = t.b
        LEFT JOIN named AS n ON n.a = t.a AND n.b = t.b
        LEFT JOIN pair_city AS c ON c.a = t.a AND c.b = t.b
        LEFT JOIN pair_industry AS i ON i.a = t.a AND i.b = t.b
        LEFT JOIN said_same AS s ON s.a = t.a AND s.b = t.b
        LEFT JOIN said_parent AS p ON p.a = t.a AND p.b = t.b
        """,
    ),
)
