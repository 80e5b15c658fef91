"""Websites and domains of a record, its further domains and its contacts' domains, right and wrong.

Shared domains are planted here: site builders, free mail, providers, agencies, universities, parked ones, portals of
groups.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from abm_pipeline.sandbox.company_records import words as w
from abm_pipeline.sandbox.company_records.arrays import Array, Rng, another, choose, draw, words
from abm_pipeline.sandbox.company_records.domains import Domains
from abm_pipeline.sandbox.company_records.families import ACQUIRED, FRANCHISE, Accounts, Entities
from abm_pipeline.sandbox.company_records.places import COUNTRIES
from abm_pipeline.sandbox.company_records.scripts import slug
from abm_pipeline.sandbox.company_records.shares import DNB, HUBSPOT, MARKETO, SALESFORCE, Mess
from abm_pipeline.sandbox.company_records.sources import Rows

AGENCIES = 400  # accounts per agency whose address, site or number stands on its clients' records
WEBSITE_FORMS = ("https://www.{}", "http://www.{}", "www.{}", "https://{}", "{}", "http://{}/", "https://www.{}/", "{}/", "https://www.{}/en", "https://{}/de/home.html", "http://www.{}/index.php?id=1", "HTTP://WWW.{}", "https://www.{}/?utm_source=crm", "https//{}", "http://{}:80", "https://{}/contact-us")  # fmt: skip  # noqa: E501
WEBSITE_WEIGHTS = (25, 12, 15, 14, 12, 4, 6, 2, 3, 2, 1, 1, 1, 0.6, 0.4, 1)
OWN_MAIL = 0.6  # entities with a domain of their own whose people use it
FORMER_MAIL = 0.5  # of the renamed, contacts still at the former domain


@dataclass
class Pairs:
    """Values of a list column: row and value, in any order."""

    row: Array
    value: Array


@dataclass
class Sites:
    """Object arrays by row, empty where unknown."""

    true: Array  # the domain a careful person would give the record
    website: Array
    domain: Array
    more: Pairs
    mail: Pairs


def agencies(rng: Rng, accounts: Accounts, domains: Domains, n: int) -> Array:
    """n draws of an agency's account, big ones more often."""
    trade = np.isin(accounts.industry, [w.INDUSTRIES.index("Media"), w.INDUSTRIES.index("Professional Services")])
    pool = np.flatnonzero(trade & (domains.account != "") & ~domains.borrowed)[: max(3, len(accounts.kind) // AGENCIES)]
    return pool[choose(rng, 1 / np.arange(1, len(pool) + 1), n)]


def make_sites(rng: Rng, mess: Mess, rows: Rows, accounts: Accounts, entities: Entities, domains: Domains) -> Sites:
    """Domains in all columns that hold some."""
    account, entity = rows.account, rows.entity
    true = np.where(domains.entity[entity] != "", domains.entity[entity], domains.account[account])
    true = np.where((domains.old[account] != "") & ~rows.renamed, domains.old[account], true)
    true = np.where(rows.listed >= 0, domains.listed[rows.listed], true)
    shown = true.copy()
    _kept_or_moved(mess, shown, rows, accounts, domains)
    _misleading(rng, mess, shown, rows, accounts, domains)
    website, domain = _website(rng, shown), shown.copy()
    _elsewhere(rng, mess, website, domain, rows, accounts, true)
    paths = np.flatnonzero(domains.borrowed[account] & (shown == true) & (rng.random(len(true)) < 0.6))
    website[paths] = words(
        [
            f"https://www.{d}/{slug(n.rsplit(' ', 1)[-1])}"
            for d, n in zip(true[paths], accounts.names.core[account[paths]], strict=True)
        ]
    )
    host = mess.plant("technical_host", domain != "")
    domain[host] = draw(rng, w.HOSTS, len(host)) + "." + domain[host]
    _franchisees(mess, website, rows, accounts, entities)
    website[~mess.present("website")] = ""
    domain[~mess.present("domain") & (rows.listed < 0)] = ""
    domain[~np.isin(rows.source, (SALESFORCE, HUBSPOT, DNB)) & (rows.listed < 0)] = ""
    more = _more(rng, mess, true, rows, entities, domains)
    return Sites(true, website, domain, more, _mail(rng, mess, true, rows, accounts, domains))


def _kept_or_moved(mess: Mess, shown: Array, rows: Rows, accounts: Accounts, domains: Domains) -> None:
    """The former domain beside the new name, the group's portal, and an acquirer's site that the old one leads to."""
    account, parent = rows.account, np.maximum(accounts.parent[rows.account], 0)
    kept = mess.plant("former_domain_kept", rows.renamed & (domains.old[account] != "") & (rows.listed < 0))
    shown[kept] = domains.old[account[kept]]
    has_parent = (accounts.parent[account] >= 0) & (domains.account[parent] != "") & (shown != "")
    child = has_parent & (accounts.kind[account] != ACQUIRED)
    portal = mess.plant("group_portal", child & (rows.listed < 0))
    shown[portal] = domains.account[parent[portal]]
    moved = mess.plant("acquirer_redirect", has_parent & ~child & rows.absorbed & (rows.listed < 0))
    shown[moved] = domains.account[parent[moved]]


def _misleading(rng: Rng, mess: Mess, shown: Array, rows: Rows, accounts: Accounts, domains: Domains) -> None:
    """Domains of somebody else, and mistyped ones; a record keyed by its domain has the right one."""
    free = rows.listed < 0
    some = free & (shown != "")
    for name, pool in (
        ("competitor_domain", w.COMPETITORS),
        ("free_mail_domain", w.FREE_MAIL),
        ("parked_domain", w.PARKED),
        ("university_domain", w.UNIVERSITIES),
    ):
        picked = mess.plant(name, some if name != "free_mail_domain" else free)
        shown[picked] = draw(rng, pool, len(picked))
    picked = mess.plant("agency_domain", some)
    shown[picked] = domains.account[agencies(rng, accounts, domains, len(picked))]
    picked = mess.plant("stranger_domain", some)
    shown[picked] = domains.listed[_confused(rng, rows.account[picked], accounts, domains)]
    picked = mess.plant("domain_typo", some)
    at = rng.random(len(picked)).tolist()
    shown[picked] = words([_mistyped(d, a) for d, a in zip(shown[picked], at, strict=True)])


def _confused(rng: Rng, account: Array, accounts: Accounts, domains: Domains) -> Array:
    """Positions in the list of domains: of a namesake of the account where there is one, else of anybody."""
    _, code = np.unique(accounts.names.core.astype(str), return_inverse=True)
    found = another(rng, code[account], code[domains.listed_account])
    anybody = rng.integers(0, len(domains.listed), len(account))
    same = (found >= 0) & (domains.listed_account[found] == account)
    return np.where((found < 0) | same, anybody, found)


def _mistyped(domain: str, where: float) -> str:
    label, _, end = domain.partition(".")
    k = int(where * len(label))
    choices = (
        label[:k] + label[k + 1 :] + "." + end,
        label + "." + {"com": "co", "de": "com"}.get(end, "cm"),
        label + end,
        label + ",com",
    )
    return choices[int(where * 1000) % 4]


def _website(rng: Rng, shown: Array) -> Array:
    out = shown.copy()
    form = choose(rng, WEBSITE_WEIGHTS, len(shown))
    for position, pattern in enumerate(WEBSITE_FORMS):
        head, tail = pattern.split("{}")
        mine = (form == position) & (shown != "")
        out[mine] = head + shown[mine] + tail
    return out


def _elsewhere(
    rng: Rng, mess: Mess, website: Array, domain: Array, rows: Rows, accounts: Accounts, true: Array
) -> None:
    """Pages on builders and networks, for companies without a domain (half of them) and by mistake."""
    by_mistake = mess.plant("builder_website", (true != "") & (rows.listed < 0))
    without = np.flatnonzero((true == "") & (rng.random(len(true)) < 0.5))
    for picked in (by_mistake, without):
        pages = draw(rng, w.BUILDERS, len(picked))
        names = [slug(name) for name in accounts.names.core[rows.account[picked]]]
        website[picked] = words([page.format(name) for page, name in zip(pages, names, strict=True)])
        hosts = [
            page.replace("https://", "").replace("www.", "").split("/")[0].replace("{}.", "").replace("{}", name)
            for page, name in zip(pages, names, strict=True)
        ]
        # Half of the systems keep the host alone, which thousands share.
        domain[picked] = np.where(rng.random(len(picked)) < 0.6, words(hosts), domain[picked])
    free = without[rng.random(len(without)) < 0.2]
    domain[free] = draw(rng, w.FREE_MAIL, len(free))
    picked = mess.plant("linkedin_as_website", true != "")
    website[picked] = "https://www.linkedin.com/company/" + words(
        [slug(n, "-") for n in accounts.names.core[rows.account[picked]]]
    )


def _franchisees(mess: Mess, website: Array, rows: Rows, accounts: Accounts, entities: Entities) -> None:
    """Owners of a franchise whose only site is a page of a network, named after brand and city."""
    picked = mess.plant("franchisee_page", accounts.kind[rows.account] == FRANCHISE)
    brand = accounts.names.core[rows.account[picked]]
    entity = rows.entity[picked]
    places = [
        COUNTRIES[c].cities[k].split("@")[0].split("/")[0]
        for c, k in zip(entities.country[entity].tolist(), entities.city[entity].tolist(), strict=True)
    ]
    website[picked] = words(
        [f"https://www.facebook.com/{slug(b)}{slug(p)}" for b, p in zip(brand, places, strict=True)]
    )


def _more(rng: Rng, mess: Mess, true: Array, rows: Rows, entities: Entities, domains: Domains) -> Pairs:
    """Further domains: the former, the head office's, a country's."""
    known = mess.present("additional_domains")
    country = np.flatnonzero(domains.entity != "")
    found = another(rng, rows.account, entities.account[country])
    local = np.where(found >= 0, domains.entity[country[found]] if len(country) else "", "")
    parts = []
    for values, share in ((domains.old[rows.account], 0.8), (domains.account[rows.account], 0.4), (local, 0.3)):
        picked = np.flatnonzero(known & (values != "") & (values != true) & (rng.random(len(true)) < share))
        # Before it knows of the rename no system lists the new domain.
        picked = picked[rows.renamed[picked] | (domains.old[rows.account[picked]] == "")]
        parts.append(Pairs(picked, values[picked]))
    return Pairs(np.concatenate([p.row for p in parts]), np.concatenate([p.value for p in parts]))


def _mail(rng: Rng, mess: Mess, true: Array, rows: Rows, accounts: Accounts, domains: Domains) -> Pairs:
    """Domains of the contacts' addresses, with how many contacts."""
    account, n = rows.account, len(true)
    known = mess.present("email_domains")
    parent = np.maximum(accounts.parent[account], 0)
    own = np.where(
        (domains.entity[rows.entity] != "") & (rng.random(n) < OWN_MAIL),
        domains.entity[rows.entity],
        domains.mail[account],
    )
    old = (domains.old[account] != "") & ~rows.renamed
    own = np.where(old, domains.old[account], own)
    none = own == ""
    own = np.where(none, draw(rng, w.FREE_MAIL + w.ISP_MAIL, n), own)
    parts: list[tuple[Array, Array, Array]] = []

    def add(picked: Array, values: Array, mean: float) -> None:
        parts.append((picked, values, rng.geometric(1 / mean, len(picked))))

    main = np.flatnonzero(known & (~none | (rng.random(n) < 0.6)))
    add(main, own[main], 5)
    former = np.flatnonzero(known & rows.renamed & (domains.old[account] != "") & (rng.random(n) < FORMER_MAIL))
    add(former, domains.old[account[former]], 2)
    has_parent = known & (accounts.parent[account] >= 0) & (domains.account[parent] != "")
    has_parent &= (accounts.kind[account] != ACQUIRED) | rows.absorbed
    group = mess.plant("group_mail", has_parent)
    add(group, domains.account[parent[group]], 3)
    stray = mess.plant("stray_contacts", known)
    add(stray, domains.listed[rng.integers(0, len(domains.listed), len(stray))], 1.2)
    free = mess.plant("free_mail_contacts", known)
    add(free, draw(rng, w.FREE_MAIL, len(free)), 1.5)
    provider = mess.plant("provider_mail", known)
    add(provider, draw(rng, w.ISP_MAIL, len(provider)), 1.5)
    agency = mess.plant("agency_mail", known)
    add(agency, domains.account[agencies(rng, accounts, domains, len(agency))], 2)
    row = np.concatenate([p[0] for p in parts])
    value = np.concatenate([p[1] for p in parts])
    contacts = words([str(k) for k in np.concatenate([p[2] for p in parts]).tolist()])
    counted = np.where(rows.source[row] == MARKETO, rng.random(len(row)) < 0.3, rng.random(len(row)) < 0.9)
    return Pairs(row, np.where(counted, value + ":" + contacts, value))


def page_slugs(accounts: Accounts) -> Array:
    """The page name of each account, no two the same; a renamed company keeps its old one."""
    names = np.where(accounts.old_core != "", accounts.old_core, accounts.names.core)
    plain = words([slug(name, "-")[:60] or "company" for name in names])
    _, code = np.unique(plain.astype(str), return_inverse=True)
    order = np.argsort(code, kind="stable")
    again = np.zeros(len(plain), dtype=bool)
    again[order[1:]] = code[order[1:]] == code[order[:-1]]
    out: Array = np.where(again, plain + "-" + words([str(k % 100_000) for k in range(len(plain))]), plain)
    return out
