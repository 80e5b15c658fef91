"""Records about no company: tests, placeholders, private persons, spam. Each is an account of its own."""

from __future__ import annotations

import numpy as np

from abm_pipeline.sandbox.company_records import words as w
from abm_pipeline.sandbox.company_records.arrays import Array, Rng, draw, words
from abm_pipeline.sandbox.company_records.places import COUNTRIES
from abm_pipeline.sandbox.company_records.scripts import slug
from abm_pipeline.sandbox.company_records.shares import HUBSPOT, INTENT, MARKETO, SALESFORCE
from abm_pipeline.sandbox.world.names import FIRST, LAST

BLANK, PERSON, SPAM = 0.10, 0.25, 0.05  # of junk: no name at all, a private person's, an advertisement's


def junk_columns(rng: Rng, source: Array) -> dict[str, Array]:
    """Object columns (empty string for none) of junk records of the given sources; lists are not among them."""
    n = len(source)
    name = draw(rng, w.JUNK_NAMES, n)
    kind = rng.random(n)
    person = draw(rng, FIRST, n) + " " + draw(rng, LAST, n)
    name = np.where(kind < BLANK, "", np.where(kind < BLANK + PERSON, person, name))
    spam = np.flatnonzero(kind > 1 - SPAM)
    links = words([f"http://{slug(text)}.xyz/win" for text in person[spam]])
    name[spam] = (
        draw(
            rng,
            ("Get 1000 followers ", "$$$ easy money ", "Cheap SEO backlinks ", "Best casino ", "купить "),
            len(spam),
        )
        + links
    )
    host = draw(rng, w.FREE_MAIL + w.COMPETITORS[10:], n)
    has = rng.random((6, n))
    hub = np.isin(source, (HUBSPOT, INTENT))
    domain = np.where(hub & ((source == INTENT) | (has[0] < 0.3)), host, "")
    crm = source == SALESFORCE
    # A provider of domains has parked and free-mail ones, under their own names.
    name = np.where((source == INTENT) & (rng.random(n) < 0.8), domain, name)
    country = words([c.names[0] for c in COUNTRIES])[rng.integers(0, len(COUNTRIES), n)]
    return {
        "name": name,
        "website": np.where(
            crm & (has[1] < 0.15), draw(rng, ("http://test.com", "n/a", "www.google.com", "http://", "none"), n), ""
        ),
        "domain": domain,
        "mail": np.where((source == MARKETO) | (has[2] < 0.2), draw(rng, w.FREE_MAIL, n), ""),
        "phone": np.where(has[3] < 0.25, draw(rng, w.PHONE_PLACEHOLDERS, n), ""),
        "duns": np.where(crm & (has[4] < 0.05), draw(rng, w.DUNS_PLACEHOLDERS, n), ""),
        "country": np.where(has[5] < 0.45, country, ""),
    }
