"""From a website or an e-mail address, as people type them, to the registrable domain.

By the public-suffix list that comes with tldextract: no network is used, so the same text gives the same domain
everywhere. What has no registrable domain ("n/a", "localhost", an IP address, a bare suffix) gives null.
"""

from __future__ import annotations

import re
from functools import lru_cache

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import tldextract
from duckdb.func import FunctionNullHandling, PythonUDFType

# Suffixes of private registries (github.io, wixsite.com) are not used: a page there is not its company's domain.
_EXTRACT = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
_HOST = re.compile(r"^(?:[a-z][a-z0-9+.-]*:(?!\d))?(?://)?(?:[^/?#@\s]*@)?([^/?#:\s]+)", re.IGNORECASE)
_LABEL = re.compile(r"^(?!-)[a-z0-9-]{1,63}(?<!-)$")


def registrable_domain(text: str) -> str | None:
    """The registrable domain of a website, host or e-mail address, lower case; None where there is none.

    >>> registrable_domain(" HTTPS://www.Acme.co.uk/en?ref=crm "), registrable_domain("n/a")
    ('acme.co.uk', None)
    """
    found = _HOST.match(text.strip())
    if found is None:
        return None
    host = found[1].rstrip(".").lower()
    # a company's site and its bare domain are looked up once
    return _of_host(host.removeprefix("www.")) or _of_host(host)


@lru_cache(maxsize=1_000_000)
def _of_host(host: str) -> str | None:
    domain = _EXTRACT(host).top_domain_under_public_suffix.lower()
    try:
        domain = domain.encode("idna").decode()
    except UnicodeError:
        return None
    return domain if domain and all(_LABEL.match(label) for label in domain.split(".")) else None


def register_domain_function(con: duckdb.DuckDBPyConnection) -> None:
    """Make `registrable_domain(text)` an SQL function of the connection; distinct values are worked out once."""

    def of_texts(texts: pa.Array) -> pa.Array:
        coded = pc.dictionary_encode(texts)
        coded = coded.combine_chunks() if isinstance(coded, pa.ChunkedArray) else coded
        domains = [None if text is None else registrable_domain(text) for text in coded.dictionary.to_pylist()]
        return pa.array(domains, pa.string()).take(coded.indices)

    arrow, special = PythonUDFType.ARROW, FunctionNullHandling.SPECIAL
    con.create_function("registrable_domain", of_texts, ["VARCHAR"], "VARCHAR", type=arrow, null_handling=special)
