"""Phones, DUNS and network pages on a record: right, in all formats, or somebody else's."""

from __future__ import annotations

import numpy as np

from abm_pipeline.sandbox.company_records import words as w
from abm_pipeline.sandbox.company_records.arrays import Array, Rng, choose, draw, words
from abm_pipeline.sandbox.company_records.domains import Domains
from abm_pipeline.sandbox.company_records.families import Accounts, Entities, namesake
from abm_pipeline.sandbox.company_records.keys import agencies, page_slugs
from abm_pipeline.sandbox.company_records.places import COUNTRIES
from abm_pipeline.sandbox.company_records.shares import LINKEDIN, Mess
from abm_pipeline.sandbox.company_records.sources import Rows

DIRECT_LINE = 0.22  # phones that are somebody's own line beside the switchboard: same number, other last digits


def make_phones(rng: Rng, mess: Mess, rows: Rows, accounts: Accounts, entities: Entities, domains: Domains) -> Array:
    """Phones as typed; empty if none."""
    n = len(rows.record)
    owner = rows.entity.copy()
    picked = mess.plant("stranger_phone")
    owner[picked] = rng.integers(0, len(entities.account), len(picked))
    picked = mess.plant("agency_phone")
    owner[picked] = entities.first[agencies(rng, accounts, domains, len(picked))]
    line = entities.line[owner]
    direct = rng.random(n) < DIRECT_LINE
    line = np.where(direct, line // 1000 * 1000 + rng.integers(0, 1000, n), line)
    dial = words([c.dial for c in COUNTRIES])[entities.country[owner]]
    area = words([str(k) for k in entities.area[owner].tolist()])
    digits = words([str(k) for k in line.tolist()])
    front, back = words([t[:3] for t in digits]), words([t[3:] for t in digits])
    forms = [
        "+" + dial + area + digits,
        "+" + dial + " " + area + " " + front + " " + back,
        "(" + area + ") " + front + "-" + back,
        area + "-" + front + "-" + back,
        "0" + area + " " + digits,
        "+" + dial + " (0)" + area + " " + front + "-" + back,
        "00" + dial + area + digits,
        area + "." + front + "." + back,
        "(" + area + ") " + front + "-" + back + " x" + words([str(k) for k in rng.integers(100, 9999, n).tolist()]),
        "+"
        + dial
        + "-"
        + area
        + "-"
        + front
        + back
        + " ext. "
        + words([str(k) for k in rng.integers(10, 999, n).tolist()]),
        dial + area + digits,
    ]
    out: Array = np.choose(choose(rng, (16, 16, 14, 10, 9, 7, 5, 5, 4, 2, 2), n), forms)
    out[~mess.present("phone")] = ""
    picked = mess.plant("phone_placeholder")
    out[picked] = draw(rng, w.PHONE_PLACEHOLDERS, len(picked))
    return out


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
    own = entities.page[rows.entity]
    use_own = mine | ((account == rows.account) & (rng.random(n) < 0.6))
    page = np.where(use_own, own, accounts.page[account])
    branch = (page > 0) & (page != accounts.page[account])
    country = words([c.names[0].lower().replace(" ", "-") for c in COUNTRIES])[entities.country[rows.entity]]
    name = page_slugs(accounts)[account]
    name = np.where(branch, name + "-" + country, name)
    number = words([str(k) for k in page.tolist()])
    forms = [
        "urn:li:organization:" + number,
        "https://www.linkedin.com/company/" + name,
        "https://www.linkedin.com/company/" + number,
        number,
        "http://de.linkedin.com/company/" + name + "/",
        "linkedin.com/company/" + name + "/about/",
        "urn:li:company:" + number,
        "https://www.linkedin.com/company/" + number + "/?viewAsMember=true",
    ]
    elsewhere = choose(rng, (12, 45, 12, 10, 6, 8, 2, 3), n)
    out: Array = np.choose(np.where(mine, choose(rng, (85, 12, 3), n), elsewhere), forms)
    out = np.where(known & (page > 0), out, "")
    picked = mess.plant("linkedin_placeholder", known)
    out[picked] = draw(
        rng,
        (
            "https://www.linkedin.com",
            "linkedin.com/company/",
            "https://www.linkedin.com/in/john-smith",
            "n/a",
            "https://www.linkedin.com/feed/",
            "0",
            "https://www.linkedin.com/company/unavailable/",
        ),
        len(picked),
    )
    return out
