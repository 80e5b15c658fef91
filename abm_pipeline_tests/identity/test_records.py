"""What records say, made comparable: names, countries, telephone and DUNS numbers, LinkedIn pages, domains."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from abm_pipeline.identity.resolve import opened, read_records
from abm_pipeline_tests.identity.files import row, write

# A name; without case, accents, punctuation and legal form; also without what makes no other company of it.
NAMES = [
    ("Müller Maschinenbau GmbH", "muller maschinenbau", "muller maschinenbau"),
    ("Mueller Maschinenbau", "mueller maschinenbau", "muller maschinenbau"),
    ("MULLER MASCHINENBAU AG & Co. KG", "muller maschinenbau", "muller maschinenbau"),
    ("株式会社サイバー", "saiba", "saiba"),
    ("サイバー株式会社", "saiba", "saiba"),
    ("ООО Ромашка", "romashka", "romashka"),
    ("삼성전자 주식회사", "samseongjeonja", "samseongjeonja"),
    ("Borealis S.p.A.", "borealis", "borealis"),
    ("BOREALIS SPA", "borealis", "borealis"),
    ("Borealis S.A. de C.V.", "borealis", "borealis"),
    ("Zażółć Sp. z o.o.", "zazolc", "zazolc"),
    ("Ørsted A/S", "orsted", "orsted"),
    ("Straße & Söhne OHG", "strasse and sohne", "strasse sohne"),
    ("The Coca-Cola Company", "coca cola", "coca cola"),
    ("AT&T Inc.", "at and t", "at t"),
    ("L'Oréal S.A.", "loreal", "loreal"),
    ("J.P. Morgan", "jp morgan", "jp morgan"),
    ("Salesforce.com, Inc.", "salesforce", "salesforce"),
    ("PT Telkom Indonesia Tbk", "telkom indonesia", "telkom"),
    ("Acme Deutschland GmbH", "acme deutschland", "acme"),
    ("Acme Group Holdings Ltd", "acme group holdings", "acme"),
    ("Acme (UK) Limited", "acme", "acme"),
    ("ACME ROBOTICS [EMEA]", "acme robotics", "acme robotics"),
    ("Acme, Inc. - DO NOT USE", "acme", "acme"),
    ("Smith & Sons Mfg. Co.", "smith and sons mfg", "smith sons manufacturing"),
    # A name of nothing but such words stays.
    ("Deutschland GmbH", "deutschland", "deutschland"),
    ("Holding AG", "holding", "holding"),
]
NO_NAMES = ["n/a", "N/A", "TEST", "Unknown", "-", "12345", "X", "", " ", "xxx", "www.acme.com", "info@acme.com"]
COUNTRIES = [
    *[(text, "DE") for text in ("DE", "de", "DEU", "Germany", "Deutschland", "Allemagne", "Alemania", "Germania")],
    *[(text, "DE") for text in ("Niemcy", "Tyskland", "德国", "ドイツ", "독일", "Германия", "ألمانيا", "גרמניה")],
    *[(text, "US") for text in (" us ", "U.S.A.", "USA", "United States of America", "États-Unis", "Etats-Unis")],
    *[(text, "GB") for text in ("UK", "England", "Great Britain", "Vereinigtes Königreich", "GBR")],
    *[(text, "KR") for text in ("South Korea", "Korea, Republic of", "대한민국", "한국")],
    *[("Schweiz", "CH"), ("Svizzera", "CH"), ("Österreich", "AT"), ("Oesterreich", "AT"), ("日本", "JP")],
    *[("The Netherlands", "NL"), ("Holland", "NL"), ("Türkiye", "TR"), ("Côte d'Ivoire", "CI"), ("Ελλάδα", "GR")],
    *[(text, None) for text in ("Niemandsland", "n/a", "EU", "ZZ", "XX", "Worldwide", "", "49")],
]
PHONES = [
    ("+49 (0)731 445-5667", "14455667"),
    ("0731 4455667", "14455667"),
    ("+49 731 4455667 ext. 12", "14455667"),
    ("(617) 555-2368 x99", "75552368"),
    ("+1.617.555.2368", "75552368"),
    *[(text, None) for text in ("000-000-0000", "+49 999 9999999", "1234567890", "555", "N/A", "")],
]
DUNS = [
    ("80-473-5132", "804735132"),
    ("804735132", "804735132"),
    ("0804735132", "804735132"),
    ("DUNS 80 473 5132", "804735132"),
    ("4735132", "004735132"),
    *[(text, None) for text in ("999999999", "000000000", "123456789", "111111111", "n/a", "8047351321", "")],
]
PAGES = [
    ("urn:li:organization:4711", "n:4711"),
    ("urn:li:organizationBrand:4711", "n:4711"),
    ("https://www.linkedin.com/company/4711/", "n:4711"),
    ("4711", "n:4711"),
    ("004711", "n:4711"),
    ("https://linkedin.com/company/Acme-Robotics/about?x=1", "s:acme-robotics"),
    ("http://de.linkedin.com/company/acme-robotics", "s:acme-robotics"),
    ("linkedin.com/showcase/acme-cloud", "s:acme-cloud"),
    *[(text, None) for text in ("https://www.linkedin.com/in/somebody", "n/a", "[not provided]", "0", "")],
]
WEBSITES = [
    ("https://www.acme.co.uk/about?x=1", "acme.co.uk"),
    ("ACME.CO.UK", "acme.co.uk"),
    ("shop.acme.co.uk/", "acme.co.uk"),
    ("acme.co.uk:8080", "acme.co.uk"),
    ("user@acme.co.uk", "acme.co.uk"),
    ("münchen-bau.de", "xn--mnchen-bau-9db.de"),
    *[(text, None) for text in ("gmail.com", "web.de", "acme.wordpress.com", "https://sites.google.com/view/acme")],
    *[(text, None) for text in ("n/a", "none", "http://acme", "http://192.168.0.1/", "co.uk", "")],
]


@pytest.fixture
def con(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to read records with."""
    with opened("1GB", tmp_path / "temp") as con:
        yield con


def said(
    con: duckdb.DuckDBPyConnection, folder: Path, column: str, values: list[Any], *found: str
) -> list[tuple[Any, ...]]:
    """What is found in records that have the values in a column, in their order; one column, or a row."""
    rows = [row(f"crm:{place:03}", **{"name": "Acme", column: value}) for place, value in enumerate(values)]
    read_records(con, f"read_parquet('{write(folder / 'records.parquet', rows)}')")
    return con.execute(f"SELECT {', '.join(found)} FROM record ORDER BY source_id").fetchall()


def test_names(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """Each name of NAMES has the plain form and the core that stand beside it."""
    found = said(con, tmp_path, "name", [name for name, *_ in NAMES], "name", "plain", "core")
    assert NAMES == found


def test_texts_that_name_nobody(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """Placeholders, numbers, addresses and links are no names, in whatever case."""
    found = said(con, tmp_path, "name", NO_NAMES, "plain", "core")
    assert [(None, None)] * len(NO_NAMES) == found


def test_a_link_or_address_for_a_name_is_a_domain(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """Who is called `www.acme.com` or `info@acme.com` names no company, but its domain."""
    said(con, tmp_path, "name", ["www.acme.com", "info@acme.com"], "plain")
    found = con.execute("SELECT record_key, domain FROM record_domain ORDER BY record_key").fetchall()
    assert [("crm:000", "acme.com"), ("crm:001", "acme.com")] == found


def test_former_and_other_names(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """`formerly`, `d/b/a` and their like part a name from another one that the company had or goes by."""
    names = [
        ("Brightwave Inc (formerly Oldco Systems)", "brightwave", "oldco systems"),
        ("Brightwave (f/k/a Oldco Systems Inc.)", "brightwave", "oldco systems"),
        ("Brightwave, vormals Oldco Systems GmbH", "brightwave", "oldco systems"),
        ("Oldco Systems d/b/a Brightwave", "oldco systems", "brightwave"),
        ("Formula Systems", "formula systems", None),
        ("Exotic Foods", "exotic foods", None),
    ]
    found = said(con, tmp_path, "name", [name for name, *_ in names], "name", "core", "also")
    assert names == found


def test_the_city_of_a_record_is_no_part_of_its_name(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """`Acme Robotics Ulm` in Ulm is Acme Robotics; `Acme Ulm` in Berlin keeps what it says."""
    rows = [row("crm:1", "Acme Robotics Ulm", city="Ulm"), row("crm:2", "Acme Ulm", city="Berlin")]
    read_records(con, f"read_parquet('{write(tmp_path / 'records.parquet', rows)}')")
    found = con.execute("SELECT core FROM record ORDER BY source_id").fetchall()
    assert [("acme robotics",), ("acme ulm",)] == found


@pytest.mark.parametrize(
    ("column", "found", "examples"),
    [
        ("country", "country", COUNTRIES),
        ("phone", "phone", PHONES),
        ("duns", "duns", DUNS),
        ("linkedin_id", "linkedin", PAGES),
    ],
)
def test_values(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, column: str, found: str, examples: list[tuple[str, str | None]]
) -> None:
    """Each text means what stands beside it; a telephone number its last eight digits, as prefixes come and go."""
    answers = [answer for (answer,) in said(con, tmp_path, column, [text for text, _ in examples], found)]
    assert examples == list(zip([text for text, _ in examples], answers, strict=True))


def test_domains(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """Websites as people type them; free mail, hosts of other people's pages and what is no domain say nothing."""
    said(con, tmp_path, "website", [text for text, _ in WEBSITES], "name")
    domains = dict(con.execute("SELECT record_key, domain FROM record_domain").fetchall())
    assert WEBSITES == [(text, domains.get(f"crm:{place:03}")) for place, (text, _) in enumerate(WEBSITES)]


def test_how_domains_are_known(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """A record's own domain, further ones, and those its people write from, with how many; the nearest relation counts.

    acme.com is website and mail domain: own (1), 12 people. acme.io is a further one (2). acme-mail.com is said without
    a number: one person (3).
    """
    rows = [
        row(
            "crm:1",
            "Acme",
            website="www.acme.com",
            additional_domains=["acme.io"],
            email_domains=["acme.com:12", "acme-mail.com", "gmail.com:3"],
        )
    ]
    read_records(con, f"read_parquet('{write(tmp_path / 'records.parquet', rows)}')")
    found = con.execute("SELECT domain, how, contacts FROM record_domain ORDER BY how, domain").fetchall()
    assert [("acme.com", 1, 12), ("acme.io", 2, None), ("acme-mail.com", 3, 1)] == found
