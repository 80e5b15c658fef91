"""SQL functions over text that SQL itself has not: transliteration to Latin letters, and countries by their names.

Distinct values are worked out once, so the cost is that of the vocabulary, not of the rows.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, lru_cache

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
from anyascii import anyascii
from babel import Locale
from duckdb.func import FunctionNullHandling, PythonUDFType

# Languages in which systems write countries down.
_LANGUAGES = """
    en de fr es it pt nl pl sv nb da fi cs sk hu ro bg hr sl sr lt lv et el tr ru uk ja zh ko ar he hi th vi id ms ca
    eu
""".split()  # noqa: SIM905
# What people write and no locale says.
_ALSO = {
    "uk": "GB", "u k": "GB", "great britain": "GB", "britain": "GB", "england": "GB", "scotland": "GB", "wales": "GB",
    "northern ireland": "GB", "usa": "US", "u s a": "US", "u s": "US", "united states of america": "US",
    "america": "US", "holland": "NL", "the netherlands": "NL", "russian federation": "RU", "republic of korea": "KR",
    "korea": "KR", "south korea": "KR", "czech republic": "CZ", "czechia": "CZ", "uae": "AE", "viet nam": "VN",
    "turkiye": "TR", "turkey": "TR", "hong kong": "HK", "macedonia": "MK", "ivory coast": "CI", "taiwan": "TW",
    "prc": "CN", "republic of ireland": "IE", "eire": "IE", "brd": "DE", "ger": "DE", "schweiz ch": "CH",
    "oesterreich": "AT", "korea republic of": "KR", "hangug": "KR",
}  # fmt: skip
# Codes that locales list and that are no country: unions, unknown, made up.
_NO_COUNTRY = {"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"}
_ALPHA3 = re.compile(r"^[A-Z]{3}$")
_PLAIN = re.compile(r"[^a-z0-9]+")


@lru_cache(maxsize=2_000_000)
def latin(text: str) -> str:
    """Lower-case ASCII of a text in any script; ß is ss, 株 is what anyascii reads.

    >>> latin("Müller & Söhne Ω")
    'muller & sohne o'
    """
    return (text if text.isascii() else anyascii(text)).lower()


@cache
def _countries() -> dict[str, str]:
    """ISO 3166 alpha-2 codes by plain name in each of the languages, and by the codes themselves."""
    found: dict[str, str] = {}
    for language in _LANGUAGES:
        for code, name in Locale(language).territories.items():
            if len(code) == 2 and code.isalpha() and code not in _NO_COUNTRY:
                found.setdefault(_plain(name), code)
                found[code.lower()] = code
    return found | _ALSO


def _plain(text: str) -> str:
    return _PLAIN.sub(" ", latin(text)).strip()


@lru_cache(maxsize=100_000)
def country_code(text: str) -> str | None:
    """ISO 3166 alpha-2 code of a country given as a code or a name in one of three dozen languages; None if unknown.

    >>> country_code("Deutschland"), country_code(" us "), country_code("Niemandsland")
    ('DE', 'US', None)
    """
    return _countries().get(_plain(text)) or _alpha3().get(text.strip().upper())


@cache
def _alpha3() -> dict[str, str]:
    """Alpha-3 codes, which no locale lists, of the countries that company records name."""
    pairs = """
        ARE AE ARG AR AUS AU AUT AT BEL BE BGR BG BRA BR CAN CA CHE CH CHL CL CHN CN COL CO CYP CY CZE CZ DEU DE DNK DK
        EGY EG ESP ES EST EE FIN FI FRA FR GBR GB GRC GR HKG HK HRV HR HUN HU IDN ID IND IN IRL IE ISL IS ISR IL ITA IT
        JPN JP KEN KE KOR KR LTU LT LUX LU LVA LV MAR MA MEX MX MLT MT MYS MY NGA NG NLD NL NOR NO NZL NZ PER PE PHL PH
        POL PL PRT PT QAT QA ROU RO RUS RU SAU SA SGP SG SRB RS SVK SK SVN SI SWE SE THA TH TUR TR TWN TW UKR UA USA US
        VNM VN ZAF ZA
    """.split()  # noqa: SIM905
    return dict(zip(pairs[::2], pairs[1::2], strict=True))


def register_text_functions(con: duckdb.DuckDBPyConnection) -> None:
    """Make `latin(text)` and `country_code(text)` SQL functions of the connection."""
    for function in (latin, country_code):
        con.create_function(
            function.__name__,
            _by_value(function),
            ["VARCHAR"],
            "VARCHAR",
            type=PythonUDFType.ARROW,
            null_handling=FunctionNullHandling.SPECIAL,
        )


def _by_value(function: Callable[[str], str | None]) -> Callable[[pa.Array], pa.Array]:
    """The function over a column: each distinct value of a batch once."""

    def of_texts(texts: pa.Array) -> pa.Array:
        coded = pc.dictionary_encode(texts)
        coded = coded.combine_chunks() if isinstance(coded, pa.ChunkedArray) else coded
        values = [None if text is None else function(text) for text in coded.dictionary.to_pylist()]
        return pa.array(values, pa.string()).take(coded.indices)

    return of_texts
