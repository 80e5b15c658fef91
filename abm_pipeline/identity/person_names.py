"""Names of people made comparable: one spelling, no titles, no order; and when two of them may be one human's.

In: `latest_contact`. Out: `person_name`, one row a spelling. Nothing is decided here about records.

A name's `key` is its words in Latin letters in the order of the alphabet, so that "Smith, John" is "John Smith", with
short forms that stand for one name only in full (Bob: Robert; Chris could be two). Single letters are initials, and
are left out where two words remain without them. A name of one word, of a place or a role ("Sales Team") names nobody.
"""

from __future__ import annotations

from abm_pipeline.identity.keys import FOLDED
from abm_pipeline.storage.engine import Step

# First names as people shorten them, the full name first; only those that are short for no other.
_SHORT = """
    robert bob bobby rob; william bill billy; richard dick rick; james jim jimmy; john johnny; michael mike mick;
    thomas tom tommy; david dave; daniel danny; joseph joe joey; charles charlie chuck; edward eddie; anthony tony;
    steven stephen steve; andrew andy; gregory greg; kenneth ken kenny; lawrence larry laurence; matthew matt;
    nicholas nick nicolas; peter pete; philip phil phillip; raymond ray; ronald ron ronnie; timothy tim; vincent vince;
    walter walt; benjamin ben benny; jeffrey jeff geoffrey; jonathan jon jonathon; joshua josh; douglas doug;
    donald don donnie; frederick fred freddie; leonard len lenny; zachary zach; eugene gene; theodore theo;
    elizabeth liz beth; margaret maggie peggy; catherine kathy kate katie katherine kathryn; jennifer jen jenny;
    susan sue; deborah debbie deb debra; barbara barb; rebecca becky; victoria vicky vicki; jessica jess;
    cynthia cindy; patricia patty; pamela pam; jacqueline jackie; abigail abby; maximilian max; johannes hannes;
    friedrich fritz; sebastian basti; francisco paco; mohammed mohamed muhammad mohammad
"""
_FULL = {short: names[0] for names in map(str.split, _SHORT.split(";")) for short in names[1:]}
_TITLES = (
    "mr|mrs|ms|miss|dr|prof|professor|herr|frau|sir|mme|dipl|ing|mag|jr|sr|ii|iii|iv|ph\\.?d|md|mba|msc|bsc|cpa|esq"
)
# One of these in a name, and it is nobody's; a name of nothing but those after it is neither.
_NOBODY = (
    "team unknown test department dept reception webmaster helpdesk noreply billing accounts payable customer service"
)
_ROLES = f"{_NOBODY} info sales admin marketing support contact office user hr it first last name none na mail press"


def _listed(words: str) -> str:
    return "[" + ", ".join(f"'{word}'" for word in words.split()) + "]"


_IN_FULL = "MAP {" + ", ".join(f"'{short}': '{name}'" for short, name in _FULL.items()) + "}"

PERSON_NAMES = (
    Step(
        "person_name",
        "spellings of people's names, with their words, the given name (the first) and the key; none that names nobody",
        f"""
        WITH spelled AS (
            SELECT full_name, trim(regexp_replace(
                regexp_replace(latin(full_name), '\\([^)]*\\)|\\[[^\\]]*\\]|"[^"]*"', ' ', 'g'),
                '\\b({_TITLES})\\b\\.?', ' ', 'g'
            ), ' ,.') AS said
            FROM (SELECT DISTINCT full_name FROM latest_contact WHERE full_name IS NOT NULL)
            WHERE full_name NOT LIKE '%@%'
        ),
        worded AS (
            SELECT full_name, list_filter(regexp_split_to_array(
                regexp_replace(regexp_replace(said, '[''`]', '', 'g'), '^([^,]*),(.*)$', '\\2 \\1'), '[^a-z0-9]+'
            ), lambda word: regexp_full_match(word, '[a-z]+')) AS words
            FROM spelled
        ),
        plain AS (
            SELECT full_name, list_transform(
                CASE WHEN len(list_filter(words, lambda word: length(word) > 1)) >= 2
                    THEN list_filter(words, lambda word: length(word) > 1) ELSE words END,
                lambda word: {FOLDED.format(f"coalesce({_IN_FULL}[word], word)")}
            ) AS words
            FROM worded
            WHERE NOT list_has_any(words, {_listed(_NOBODY)})
                AND len(list_filter(words, lambda word: NOT list_contains({_listed(_ROLES)}, word))) > 0
        )
        SELECT full_name, words[1] AS given, list_sort(list_distinct(words)) AS words,
            array_to_string(list_sort(list_distinct(words)), ' ') AS key,
            list_bool_or(list_transform(words, lambda word: length(word) = 1)) AS has_initials,
            list_max(list_transform(words, lambda word: lpad(length(word)::VARCHAR, 3, '0') || word))[4:] AS longest
        FROM plain
        WHERE len(list_distinct(words)) >= 2 AND list_bool_or(list_transform(words, lambda word: length(word) > 1))
        """,
        is_local=True,
    ),
)

# SQL: every word of a is one of b's, or the initial of one that is not in a; b has more letters.
CONTAINED = """(
    a.key <> b.key AND len(a.words) <= len(b.words)
    AND len(list_filter(a.words, lambda x: CASE
        WHEN length(x) > 1 THEN list_contains(b.words, x)
        ELSE len(list_filter(b.words, lambda y: starts_with(y, x) AND NOT list_contains(a.words, y))) > 0
            OR list_contains(b.words, x) END)) = len(a.words)
)"""
# SQL: of two names on one e-mail address, that they are one human's. Families share the last name, not the first; who
# marries keeps the first.
ALIKE = f"""(
    a.key = b.key OR {CONTAINED} OR {CONTAINED.replace("a.", "c.").replace("b.", "a.").replace("c.", "b.")}
    OR least(length(a.given), length(b.given)) > 1 AND jaro_winkler_similarity(a.given, b.given) >= 0.92
    OR least(length(a.given), length(b.given)) = 1 AND a.given[1] = b.given[1]
        AND len(list_filter(a.words, lambda x: length(x) > 1 AND list_contains(b.words, x))) > 0
)"""
