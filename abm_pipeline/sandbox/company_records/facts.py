"""Place, trade, size and times on a record, in each source's words."""

from __future__ import annotations

import numpy as np

from abm_pipeline.sandbox.company_records import words as w
from abm_pipeline.sandbox.company_records.arrays import Array, Rng, choose, draw, words
from abm_pipeline.sandbox.company_records.families import Accounts, Entities
from abm_pipeline.sandbox.company_records.places import COUNTRIES
from abm_pipeline.sandbox.company_records.shares import DNB, INTENT, LINKEDIN, SALESFORCE, Mess
from abm_pipeline.sandbox.company_records.sources import Rows

# How a source writes a country: code, English name, another name; marketing forms have everything.
COUNTRY_FORMS = ((35, 50, 15), (20, 60, 20), (90, 10, 0), (40, 60, 0), (100, 0, 0), (20, 45, 35))
BANDS = np.array([1, 2, 11, 51, 201, 501, 1001, 5001, 10001])  # lower ends of the network's size bands
SNAPSHOT_DAYS = 91
FIRST_DAY, LAST_DAY = 17_500, 20_454  # 2017-11-30 and 2026-01-01, the day of the first snapshot, in days since 1970


def make_places(rng: Rng, mess: Mess, rows: Rows, entities: Entities) -> tuple[Array, Array, Array]:
    """Country, region and city as written; empty if none."""
    n = len(rows.record)
    owner = rows.entity.copy()
    head = entities.first[rows.account]
    picked = mess.plant("country_of_head_office", owner != head)
    owner[picked] = head[picked]
    code = entities.country[owner]
    shown = code.copy()
    picked = mess.plant("country_wrong")
    shown[picked] = rng.integers(0, len(COUNTRIES), len(picked))
    form = np.zeros(n, dtype=np.int64)
    for source, weights in enumerate(COUNTRY_FORMS):
        mine = rows.source == source
        form[mine] = choose(rng, weights, int(mine.sum()))
    counts = np.array([len(c.names) for c in COUNTRIES])[shown]
    other = (rng.random(n) * counts).astype(np.int64)
    width = max(len(c.names) for c in COUNTRIES)
    table = words([c.names[k] if k < len(c.names) else "" for c in COUNTRIES for k in range(width)])
    country: Array = np.choose(
        form, [words([c.code for c in COUNTRIES])[shown], table[shown * width], table[shown * width + other]]
    )
    country[~mess.present("country")] = ""
    picked = mess.plant("country_placeholder")
    country[picked] = draw(rng, w.PLACEHOLDERS, len(picked))
    region, city = _cities(rng, code, entities.city[owner])
    region[~mess.present("region")] = ""
    city[~mess.present("city")] = ""
    city[rows.source == DNB] = words([t.upper() for t in city[rows.source == DNB]])
    return country, region, city


def _cities(rng: Rng, country: Array, city: Array) -> tuple[Array, Array]:
    width = max(len(c.cities) for c in COUNTRIES)
    cells = [c.cities[k % len(c.cities)] for c in COUNTRIES for k in range(width)]
    towns = [cell.split("@")[0].split("/") for cell in cells]
    lands = [cell.split("@")[1].split("/") for cell in cells]
    at = country * width + city
    local = rng.random(len(at)) < 0.35
    short = rng.random(len(at)) < 0.4
    region = np.where(short, words([t[-1] for t in lands])[at], words([t[0] for t in lands])[at])
    return region, np.where(local, words([t[-1] for t in towns])[at], words([t[0] for t in towns])[at])


def make_industries(rng: Rng, mess: Mess, rows: Rows, accounts: Accounts) -> Array:
    """The industry in the source's words; one in ten is another's view of what the company does."""
    industry = accounts.industry[rows.account].copy()
    other = rng.random(len(industry)) < 0.10
    industry[other] = rng.integers(0, len(w.INDUSTRIES), int(other.sum()))
    column = np.array([0, 1, 2, 2, 3, 0])[rows.source]
    table = words([text for texts in w.INDUSTRY_WORDS.values() for text in texts])
    out: Array = table[industry * 4 + column]
    out[~mess.present("industry")] = ""
    return out


def make_sizes(rng: Rng, mess: Mess, rows: Rows, accounts: Accounts, entities: Entities) -> Array:
    """Employees, float with NaN: the entity's in CRM and bureau, else the brand's; in bands, years old, or 0 and 1."""
    n = len(rows.record)
    local = np.isin(rows.source, (SALESFORCE, DNB)) & (rng.random(n) < 0.7)
    size = np.where(local, entities.employees[rows.entity], accounts.employees[rows.account])
    size = np.maximum((size * np.exp(rng.normal(0, 0.25, n))).astype(np.int64), 1)
    banded = np.isin(rows.source, (LINKEDIN, INTENT)) & (rng.random(n) < 0.8)
    size = np.where(banded, BANDS[np.searchsorted(BANDS, size, side="right") - 1], size)
    size = np.where(rng.random(n) < 0.02, rng.integers(0, 2, n), size)
    return np.where(mess.present("employee_count"), size.astype(float), np.nan)


def make_times(rng: Rng, rows: Rows) -> tuple[Array, Array]:
    """Created and last modified, datetime64[us]; a record of snapshot k is made before k and seen by then."""
    n = len(rows.record)
    records = int(rows.record.max()) + 1 if n else 0
    early = FIRST_DAY + rng.beta(1.6, 1, records) * (LAST_DAY - FIRST_DAY)
    later = rng.random(records) * SNAPSHOT_DAYS
    created = np.where(
        rows.born == 1, early[rows.record], LAST_DAY + (rows.born - 2) * SNAPSHOT_DAYS + later[rows.record]
    )
    seen = LAST_DAY + (rows.since - 1) * SNAPSHOT_DAYS
    start = np.where(rows.since > rows.born, seen - SNAPSHOT_DAYS, created)
    modified = start + (seen - start) * rng.beta(1, 1.5, n)
    day = np.timedelta64(86_400_000_000, "us")
    epoch = np.datetime64(0, "us")
    return epoch + (created * day.astype(np.int64)).astype("timedelta64[us]"), epoch + (
        modified * day.astype(np.int64)
    ).astype("timedelta64[us]")
