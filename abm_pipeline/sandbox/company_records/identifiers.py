"""Phones, DUNS and network pages on a record: right, in all formats, or somebody else's."""

from __future__ import annotations

import numpy as np

from abm_pipeline.sandbox.company_records import words as w
from abm_pipeline.sandbox.company_records.arrays import Array, Rng, blank, choose, draw, words
from abm_pipeline.sandbox.company_records.domains import Domains
from abm_pipeline.sandbox.company_records.families import Accounts, Entities, namesake
from abm_pipeline.sandbox.company_records.keys import agencies, page_slugs
from abm_pipeline.sandbox.company_records.places import COUNTRIES
from abm_pipeline.sandbox.company_records.shares import LINKEDIN, Mess
from abm_pipeline.sandbox.company_records.sources import Rows

OFFICES = 1500  # accounts per shared office, whose reception's number stands on its tenants' records
# dialling code, area, first three digits, last four, extension
PHONE_FORMS = (
    "+{0}{1}{2}{3:04d}",
    "+{0} {1} {2} {3:04d}",
    "({1}) {2}-{3:04d}",
    "{1}-{2}-{3:04d}",
    "0{1} {2}{3:04d}",
    "+{0} (0){1} {2}-{3:04d}",
    "00{0}{1}{2}{3:04d}",
    "{1}.{2}.{3:04d}",
    "({1}) {2}-{3:04d} x{4}",
    "+{0}-{1}-{2}{3:04d} ext. {4}",
    "{0}{1}{2}{3:04d}",
)
# organisation number, page name; the network itself uses the first three
PAGE_FORMS = (
    "urn:li:organization:{0}",
    "https://www.linkedin.com/company/{1}",
    "https://www.linkedin.com/company/{0}",
    "{0}",
    "http://de.linkedin.com/company/{1}/",
    "linkedin.com/company/{1}/about/",
    "urn:li:company:{0}",
    "https://www.linkedin.com/company/{0}/?viewAsMember=true",
)
PAGE_WEIGHTS = (12, 45, 12, 10, 6, 8, 2, 3)
PAGE_PLACEHOLDERS = (
    "https://www.linkedin.com",
    "linkedin.com/company/",
    "https://www.linkedin.com/in/john-smith",
    "n/a",
    "https://www.linkedin.com/feed/",
    "0",
    "https://www.linkedin.com/company/unavailable/",
)
PHONE_WEIGHTS = (16, 16, 14, 10, 9, 7, 5, 5, 4, 2, 2)
DIRECT_LINE = 0.22  # phones that are somebody's own line beside the switchboard: same number, other last digits


def make_phones(rng: Rng, mess: Mess, rows: Rows, accounts: Accounts, entities: Entities, domains: Domains) -> Array:
    """Phones as typed; empty if none."""
    owner = rows.entity.copy()
    picked = mess.plant("stranger_phone")
    owner[picked] = rng.integers(0, len(entities.account), len(picked))
    picked = mess.plant("agency_phone")
    owner[picked] = entities.first[agencies(rng, accounts, domains, len(picked))]
    picked = mess.plant("shared_office_phone")
    offices = rng.integers(0, len(entities.account), max(3, len(accounts.kind) // OFFICES))
    owner[picked] = offices[rng.integers(0, len(offices), len(picked))]
    out = blank(len(owner))
    known = np.flatnonzero(mess.present("phone"))
    out[known] = _typed(rng, owner[known], entities)
    picked = mess.plant("phone_placeholder")
    out[picked] = draw(rng, w.PHONE_PLACEHOLDERS, len(picked))
    return out


def _typed(rng: Rng, owner: Array, entities: Entities) -> Array:
    """The owners' numbers in the eleven ways people type them."""
    n = len(owner)
    line = entities.line[owner]
    line = np.where(rng.random(n) < DIRECT_LINE, line // 1000 * 1000 + rng.integers(0, 1000, n), line)
    dial = words([c.dial for c in COUNTRIES])[entities.country[owner]].tolist()
    area, front, back = entities.area[owner].tolist(), (line // 10_000).tolist(), (line % 10_000).tolist()
    more = rng.integers(10, 9999, n).tolist()
    form = words(PHONE_FORMS)[choose(rng, PHONE_WEIGHTS, n)]
    return words(
        [f.format(d, a, x, y, e) for f, d, a, x, y, e in zip(form, dial, area, front, back, more, strict=True)]
    )


def make_duns(rng: Rng, mess: Mess, rows: Rows, accounts: Accounts, entities: Entities) -> Array:
    """DUNS as typed; empty if none."""
    n = len(rows.record)
    known = mess.present("duns")
    head = entities.first[rows.account]
    owner = rows.entity.copy()
    picked = mess.plant("duns_of_head_office", known & (owner != head))
    owner[picked] = head[picked]
    picked = mess.plant("duns_of_parent", known & (accounts.parent[rows.account] >= 0))
    owner[picked] = entities.first[accounts.parent[rows.account[picked]]]
    picked = mess.plant("duns_of_stranger", known)
    owner[picked] = entities.first[namesake(rng, accounts, rows.account[picked])]
    number = entities.duns[owner]
    text = words([f"{k:09d}" for k in number.tolist()])
    form = np.where(rows.source == 4, 0, choose(rng, (80, 8, 8, 4), n))
    parted = words([f"{t[:2]}-{t[2:5]}-{t[5:]}" for t in text])
    out: Array = np.choose(form, [text, parted, words([str(k) for k in number.tolist()]), text + ".0"])
    typo = mess.plant("duns_typo", known)
    digit = rng.integers(0, 10, len(typo)).tolist()
    out[typo] = words([t[:4] + str(d) + t[5:] if d % 2 else t[:-1] for t, d in zip(text[typo], digit, strict=True)])
    out[~known] = ""
    picked = mess.plant("duns_placeholder", known)
    out[picked] = draw(rng, w.DUNS_PLACEHOLDERS, len(picked))
    return out


def make_pages(rng: Rng, mess: Mess, rows: Rows, accounts: Accounts, entities: Entities) -> Array:
    """Network pages as urn, number or address; empty if none."""
    n = len(rows.record)
    known = mess.present("linkedin_id")
    mine = rows.source == LINKEDIN
    account = rows.account.copy()
    picked = mess.plant("linkedin_of_parent", known & (accounts.parent[account] >= 0) & ~mine)
    account[picked] = accounts.parent[account[picked]]
    picked = mess.plant("linkedin_of_stranger", known & ~mine)
    account[picked] = namesake(rng, accounts, account[picked])
    use_own = mine | ((account == rows.account) & (rng.random(n) < 0.6))
    page = np.where(use_own, entities.page[rows.entity], accounts.page[account])
    slugs = page_slugs(accounts)
    told = np.flatnonzero(known & (page > 0))
    name, number = slugs[account[told]], words([str(k) for k in page[told].tolist()])
    country = words([c.names[0].lower().replace(" ", "-") for c in COUNTRIES])[entities.country[rows.entity[told]]]
    name = np.where(page[told] != accounts.page[account[told]], name + "-" + country, name)
    form = np.where(mine[told], choose(rng, (85, 12, 3), len(told)), choose(rng, PAGE_WEIGHTS, len(told)))
    out = blank(n)
    out[told] = words([f.format(k, t) for f, k, t in zip(words(PAGE_FORMS)[form], number, name, strict=True)])
    picked = mess.plant("linkedin_placeholder", known)
    out[picked] = draw(rng, PAGE_PLACEHOLDERS, len(picked))
    return out
