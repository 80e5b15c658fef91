"""Brand names: how companies in each language are called, in Latin letters, in native script and in English.

Belongs here: inventing names, alone or after a parent. Does not belong here: what people do to names (mess).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from abm_pipeline.sandbox.company_records import words as w
from abm_pipeline.sandbox.company_records.arrays import Array, Rng, blank, choose, draw, words
from abm_pipeline.sandbox.company_records.places import COUNTRIES
from abm_pipeline.sandbox.company_records.scripts import cyrillic, greek, katakana
from abm_pipeline.sandbox.world.names import FIRST, STEMS

SCRIPTS = ("ja", "zh", "ko", "ru", "el")
COINED = {"ja": katakana, "ru": cyrillic, "el": greek}
# coined | coined trade | stem trade | two stems | surname trade | partners | place trade | long | letters | public |
# number | person
PATTERNS = (20, 12, 13, 9, 16, 8, 6, 7, 3, 3, 1.5, 1.5)


@dataclass
class Names:
    """Object arrays of equal length; `native` is "" for names in Latin script, `english` is "" where it is the same."""

    core: Array
    short: Array
    native: Array
    english: Array

    def put(self, rows: Array, other: Names) -> None:
        """Write another's names into rows."""
        for field in ("core", "short", "native", "english"):
            getattr(self, field)[rows] = getattr(other, field)


def empty(n: int) -> Names:
    """n unnamed companies."""
    return Names(blank(n), blank(n), blank(n), blank(n))


def coin(rng: Rng, n: int) -> Array:
    """Invented words: Velora, Cytrix, Nomarion."""
    middle = draw(rng, w.MIDDLES, n)
    middle[rng.random(n) < 0.3] = ""
    return draw(rng, w.ONSETS, n) + middle + draw(rng, w.ENDINGS, n)


def _trades(language: str) -> tuple[Array, Array, Array, Array]:
    """Native words, romanised words, English words and industries of a language's trades."""
    column = w.LANGUAGES.index(language) if language in w.LANGUAGES[:15] else 0
    rows = [(industry, text.split("|")) for industry, text in w.TRADES]
    if column == 0:
        rows += [(industry, [trade]) for industry, trades in w.ENGLISH_TRADES.items() for trade in trades]
    own = [texts[column].split("/") for _, texts in rows]
    codes = np.array([w.INDUSTRIES.index(industry) for industry, _ in rows])
    return words([t[0] for t in own]), words([t[-1] for t in own]), words([texts[0] for _, texts in rows]), codes


def invent(rng: Rng, n: int, language: str) -> tuple[Names, Array]:
    """n names of a language, and their industries (positions in INDUSTRIES)."""
    if language in SCRIPTS:
        return _script_names(rng, n, language)
    out = empty(n)
    own, _, english, codes = _trades(language)
    trade = rng.integers(0, len(own), n)
    surnames = words(w.SURNAMES["en" if language not in w.SURNAMES else language])
    cities = words(
        sorted({c.split("@")[0].split("/")[-1] for k in COUNTRIES if k.language == language for c in k.cities})
    )
    pattern = choose(rng, PATTERNS, n)
    stem = draw(rng, STEMS, n)
    first = coin(rng, n)
    first = np.where((pattern == 2) | (pattern == 10), stem, first)
    two = pattern == 3
    first = np.where(two, stem + np.where(rng.random(n) < 0.25, "", " ") + draw(rng, STEMS, n), first)
    first = np.where((pattern == 4) | (pattern == 5), draw(rng, surnames, n), first)
    first = np.where(pattern == 6, draw(rng, cities, n), first)
    core = first.copy()
    with_trade = np.isin(pattern, (1, 2, 3, 4, 6))
    # Two in three English names say the trade in a second word of the general kind; a double stem adds variety.
    core = np.where(with_trade, first + " " + own[trade], core)
    foreign = with_trade & (own[trade] != english[trade])
    out.english[foreign] = (first + " " + english[trade])[foreign]
    _partners(rng, core, pattern == 5, surnames, language)
    _long_names(rng, core, first, pattern)
    _rare_names(rng, core, first, pattern, cities, surnames)
    out.core[:] = core
    out.short[:] = first
    return out, codes[trade]


def _partners(rng: Rng, core: Array, rows: Array, surnames: Array, language: str) -> None:
    """Weber & Koch, Hartmann + Söhne, Gebr. Vogt, Smith, Jones & Brooks."""
    n = int(rows.sum())
    one, two, three = core[rows], draw(rng, surnames, n), draw(rng, surnames, n)
    sons = {
        "de": " & Söhne",
        "fr": " et Fils",
        "es": " e Hijos",
        "it": " e Figli",
        "sv": " & Söner",
        "nl": " en Zonen",
    }.get(language, " & Sons")
    brothers = {"de": "Gebr. ", "fr": "Établissements ", "es": "Hermanos ", "it": "F.lli ", "nl": "Gebroeders "}.get(
        language, "Bros. "
    )
    kinds = [
        one + " & " + two,
        one + sons,
        brothers + one,
        one + ", " + two + " & " + three,
        one + " + " + two,
        one + "-" + two,
        one + " " + two,
    ]
    core[rows] = np.choose(choose(rng, (30, 15, 12, 12, 6, 8, 8), n), kinds)


def _long_names(rng: Rng, core: Array, first: Array, pattern: Array) -> None:
    """International Bearing Data Corporation, which everybody calls by its initials; and names that are initials."""
    rows = np.flatnonzero(pattern == 7)
    n = len(rows)
    noun = draw(rng, w.NOUNS, n)
    noun2 = np.where(rng.random(n) < 0.6, draw(rng, w.NOUNS, n) + " ", "")
    place = np.where(rng.random(n) < 0.4, draw(rng, STEMS, n) + " ", "")
    core[rows] = place + draw(rng, w.ADJECTIVES, n) + " " + noun + " " + noun2 + draw(rng, w.TAILS, n)
    first[rows] = core[rows]
    rows = np.flatnonzero(pattern == 8)
    letters = list("ABCDEFGHIKLMNPRSTVWXZ")
    text = draw(rng, letters, len(rows)) + draw(rng, letters, len(rows)) + draw(rng, letters, len(rows))
    first[rows] = text
    core[rows] = text + np.where(rng.random(len(rows)) < 0.5, " " + draw(rng, w.TAILS, len(rows)), "")


def _rare_names(rng: Rng, core: Array, first: Array, pattern: Array, cities: Array, surnames: Array) -> None:
    """Public bodies, names with numbers, and practices called after a person."""
    rows = np.flatnonzero(pattern == 9)
    place = draw(rng, cities, len(rows))
    core[rows] = words([t.replace("%", p) for t, p in zip(draw(rng, w.PUBLIC, len(rows)), place, strict=True)])
    first[rows] = core[rows]
    rows = np.flatnonzero(pattern == 10)
    number = draw(
        rng,
        ("3", "4", "5", "7", "8", "24", "42", "99", "100", "360", "365", "1st", "2nd", "Studio 5", "21st Century"),
        len(rows),
    )
    core[rows] = number + draw(rng, (" ", "", "-"), len(rows)) + first[rows]
    first[rows] = core[rows]
    rows = np.flatnonzero(pattern == 11)
    person = draw(rng, FIRST, len(rows)) + " " + draw(rng, surnames, len(rows))
    core[rows] = (
        draw(rng, ("Dr. ", "Law Offices of ", "", "Kanzlei ", "Studio ", "Cabinet ", "Praxis "), len(rows)) + person
    )
    first[rows] = person


def _script_names(rng: Rng, n: int, language: str) -> tuple[Names, Array]:
    """Names written in native script, their romanisation (core) and their English rendering."""
    own, roman, english, codes = _trades(language)
    trade = rng.integers(0, len(own), n)
    tokens = [t.split("/") for t in w.SURNAMES[language]]
    native_token, roman_token = words([t[0] for t in tokens]), words([t[1] for t in tokens])
    a, b, c = (rng.integers(0, len(tokens), n) for _ in range(3))
    pairs = language in {"zh", "ko"}
    three = pairs & (rng.random(n) < 0.35)
    short = np.where(pairs, roman_token[a] + words([t.lower() for t in roman_token[b]]), roman_token[a])
    short = np.where(three, short + words([t.lower() for t in roman_token[c]]), short)
    native = np.where(pairs, native_token[a] + native_token[b], native_token[a]) + np.where(three, native_token[c], "")
    if language in COINED:
        rows = np.flatnonzero(rng.random(n) < 0.55)
        coined = coin(rng, len(rows))
        short[rows] = coined
        native[rows] = words([COINED[language](text) for text in coined])
    glue = " " if language == "el" else ""
    out = empty(n)
    alone = rng.random(n) < 0.2
    joined = (language == "ru") & (rng.random(n) < 0.7)
    lower = words([t.lower() for t in roman])
    native_lower = words([t.lower() for t in own])
    out.native[:] = np.where(alone, native, native + np.where(joined, native_lower[trade], glue + own[trade]))
    out.core[:] = np.where(alone, short, np.where(joined, short + lower[trade], short + " " + roman[trade]))
    out.short[:] = np.where(joined & ~alone, out.core, short)
    out.english[:] = np.where(alone, "", short + " " + english[trade])
    return out, codes[trade]


def common(rng: Rng, n: int, size: int) -> Names:
    """Names that strangers share, drawn from `size` of them by Zipf's law with exponent 0.8."""
    places = rng.permutation(len(w.COMMON_FIRST) * len(w.COMMON_LAST))[:size]
    pick = places[choose(rng, 1 / np.arange(1, len(places) + 1) ** 0.8, n)]
    first = words(w.COMMON_FIRST)[pick // len(w.COMMON_LAST)]
    core = first + " " + words(w.COMMON_LAST)[pick % len(w.COMMON_LAST)]
    return Names(core, core.copy(), blank(n), blank(n))


def near(rng: Rng, cores: Array) -> Names:
    """Another company's name, all but the same: Delta Systems and Delta System Group."""
    n = len(cores)
    kind = choose(rng, (3, 3, 2, 2, 2, 2), n)
    tail = draw(rng, w.TAILS, n)
    place = draw(
        rng, ("Nord", "South", "East", "West", "Midlands", "Pacific", "Europe", "One", "Plus", "II", "2000", "Pro"), n
    )
    core = words([_nearly(*made) for made in zip(cores, kind.tolist(), tail, place, strict=True)])
    return Names(core, core.copy(), blank(n), blank(n))


def _nearly(core: str, kind: int, tail: str, place: str) -> str:
    """One of six ways to be almost called the same."""
    return (
        core[:-1] if core.endswith("s") else core + "s",
        f"{core} {tail}",
        f"{core} {place}",
        f"{place} {core}",
        f"{core.rsplit(' ', 1)[0]} {tail}",
        core.replace("i", "y", 1) if "i" in core else core + "e",
    )[kind]


def after_parent(rng: Rng, short: Array, rank: Array, division: Array) -> Names:
    """A division's or a sister's name: the family's first words and a trade, another for each rank in the family."""
    n = len(short)
    own, _, _, _ = _trades("en")
    order = rng.permutation(len(own))
    # A long name lends its first two words, a public body its place.
    split = [text.split(" ") for text in short]
    base = words([part[-1] if len(part) > 2 and len(part[1]) < 4 else " ".join(part[:2]) for part in split])
    word = np.where(division, words(w.DIVISION_WORDS)[rank % len(w.DIVISION_WORDS)], own[order][rank % len(own)])
    core = base + " " + word
    return Names(core, core.copy(), blank(n), blank(n))
