"""Websites and addresses as people type them, and the registrable domain they stand for."""

from __future__ import annotations

import pytest

from abm_pipeline.staging.domains import register_domain_function, registrable_domain
from abm_pipeline.storage.engine import connect


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        ("acme.com", "acme.com"),
        (" HTTPS://www.Acme.CO.UK/en/home?ref=crm ", "acme.co.uk"),
        ("http://user:secret@acme.com:8080/x", "acme.com"),
        ("de.acme.com.", "acme.com"),
        ("jane.doe@mail.acme.de", "acme.de"),
        ("münchen.de", "xn--mnchen-3ya.de"),
        ("acme.github.io", "github.io"),
    ],
)
def test_a_domain_is_found_in_what_people_type(text: str, domain: str) -> None:
    """Scheme, www, path, port, case, white space and accents do not matter; pages of a host are the host's."""
    assert domain == registrable_domain(text)


@pytest.mark.parametrize(
    "text", ["", "-", "n/a", "none", "localhost", "http://intranet", "10.0.0.1", "http://[::1]/", "co.uk", "a_b.com"]
)
def test_what_is_no_domain_gives_none(text: str) -> None:
    """Neither hosts without a suffix, nor addresses of machines, nor a bare suffix name a company."""
    assert registrable_domain(text) is None


def test_in_sql_nulls_stay_null_and_equal_texts_agree() -> None:
    """Three rows, one null: the SQL function gives what the Python one does, row by row."""
    with connect() as con:
        register_domain_function(con)
        rows = con.execute(
            "SELECT i, registrable_domain(t) FROM (VALUES (1, 'www.acme.com'), (2, NULL), (3, 'acme.com')) AS v (i, t) "
            "ORDER BY i"
        ).fetchall()
    assert [(1, "acme.com"), (2, None), (3, "acme.com")] == rows
