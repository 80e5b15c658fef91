"""What a record calls the company before anybody mistypes it: brand, legal or native name, country office, initials."""

from __future__ import annotations

import numpy as np

from abm_pipeline.sandbox.company_records import words as w
from abm_pipeline.sandbox.company_records.arrays import Array, Rng, choose, draw, words
from abm_pipeline.sandbox.company_records.families import ACQUIRED, Accounts, Entities
from abm_pipeline.sandbox.company_records.names import coin
from abm_pipeline.sandbox.company_records.places import COUNTRIES
from abm_pipeline.sandbox.company_records.scripts import NATIVE
from abm_pipeline.sandbox.company_records.shares import Mess
from abm_pipeline.sandbox.company_records.sources import Rows

FORMS = ("brand", "legal", "country", "short", "english", "native", "acronym")
# Weights of the forms, by source.
FORM_WEIGHTS = (
    (46, 24, 9, 6, 7, 4, 4),  # salesforce
    (66, 10, 4, 8, 6, 3, 3),  # hubspot
    (86, 3, 2, 2, 3, 3, 1),  # linkedin
    (78, 6, 2, 5, 6, 1, 2),  # intent
    (2, 84, 3, 0, 3, 8, 0),  # dnb
    (54, 12, 5, 14, 6, 4, 5),  # marketo
)
COUNTRY_IN_LEGAL_NAME = 0.4  # of the entities other than the head office
LEGAL_NAME_APART = 0.03  # accounts whose legal name has nothing of the brand
LOCAL_NAME_USED = 0.85  # in the records of an entity that trades under a name of its own
SURNAMES = tuple(name for names in w.SURNAMES.values() for name in names if "/" not in name)
COUNTRY_TAILS = (" {}", " {}", " ({})", " - {}", ", {}", " {} Branch", "-{}", " | {}")


def initials(name: str) -> str:
    """The initials of a name of three words or more, else nothing."""
    parts = [p for p in name.replace("&", " ").split() if p[0].isalpha()]
    return "".join(p[0] for p in parts).upper() if len(parts) >= 3 else ""


def base_names(rng: Rng, rows: Rows, accounts: Accounts, entities: Entities) -> Array:
    """The name in the form the record uses."""
    n = len(rows.record)
    old = (accounts.old_core[rows.account] != "") & ~rows.renamed
    core = np.where(old, accounts.old_core[rows.account], accounts.names.core[rows.account])
    local = coin(rng, len(entities.account))
    local_used = entities.local_only[rows.entity] & (rng.random(n) < LOCAL_NAME_USED)
    core = np.where(local_used, local[rows.entity], core)
    fixed = old | local_used
    country = entities.country[rows.entity]
    form = np.zeros(n, dtype=np.int64)
    for source, weights in enumerate(FORM_WEIGHTS):
        mine = rows.source == source
        form[mine] = choose(rng, weights, int(mine.sum()))
    out = core.copy()
    said = rng.random(len(entities.account)) < np.where(entities.head, 0.02, COUNTRY_IN_LEGAL_NAME)
    local_country = words(
        [
            c.names[1] if c.language in {"de", "fr", "es", "it", "pl"} and len(c.names) > 1 else c.names[0]
            for c in COUNTRIES
        ]
    )
    legal = np.flatnonzero(form == 1)
    apart = rng.random(len(accounts.kind)) < LEGAL_NAME_APART
    pattern, surname = draw(rng, w.LEGAL_OWNERS, len(apart)), draw(rng, SURNAMES, len(apart))
    owner = words([p.format(s) for p, s in zip(pattern, surname, strict=True)])
    # Half of the records of such a company say both names.
    both = np.where(rng.random(len(legal)) < 0.5, " d/b/a " + core[legal], "")
    legal_core = np.where(apart[rows.account[legal]], owner[rows.account[legal]] + both, core[legal])
    full = np.where(said[rows.entity[legal]], legal_core + " " + local_country[country[legal]], legal_core)
    template = [
        COUNTRIES[c].forms[f]
        for c, f in zip(country[legal].tolist(), entities.form[rows.entity[legal]].tolist(), strict=True)
    ]
    out[legal] = words([t.replace("%", name) for t, name in zip(template, full, strict=True)])
    abroad = np.flatnonzero((form == 2) & (~entities.head[rows.entity] | (rng.random(n) < 0.15)))
    spoken = np.where(
        rng.random(len(abroad)) < 0.7,
        local_country[country[abroad]],
        words([c.code for c in COUNTRIES])[country[abroad]],
    )
    tail = draw(rng, COUNTRY_TAILS, len(abroad))
    out[abroad] = core[abroad] + words([t.format(c) for t, c in zip(tail, spoken, strict=True)])
    short = np.flatnonzero((form == 3) & ~fixed)
    out[short] = accounts.names.short[rows.account[short]]
    english = np.flatnonzero((form == 4) & ~fixed)
    said_in_english = accounts.names.english[rows.account[english]]
    out[english] = np.where(said_in_english == "", core[english], said_in_english)
    letters = np.flatnonzero((form == 6) & ~fixed)
    out[letters] = words([initials(name) or name for name in core[letters]])
    _native(rng, out, np.flatnonzero(form == 5), core, fixed, rows, accounts, entities)
    return out


def _native(
    rng: Rng, out: Array, picked: Array, core: Array, fixed: Array, rows: Rows, accounts: Accounts, entities: Entities
) -> None:
    """Native script where the country has one: the company's own, or a rendering of the Latin name."""
    names = np.where(fixed[picked], "", accounts.names.native[rows.account[picked]])
    codes = [COUNTRIES[c].code for c in entities.country[rows.entity[picked]].tolist()]
    home = [COUNTRIES[c].code for c in accounts.country[rows.account[picked]].tolist()]
    text = [
        (native if native and code == at_home else NATIVE[code](name) if code in NATIVE else name)
        for native, code, at_home, name in zip(names, codes, home, core[picked], strict=True)
    ]
    forms = [COUNTRIES[c].native_forms for c in entities.country[rows.entity[picked]].tolist()]
    which = entities.native_form[rows.entity[picked]].tolist()
    legal = (rng.random(len(picked)) < 0.65).tolist()
    cities = [
        COUNTRIES[c].cities[k].split("@")[0].split("/")[-1]
        for c, k in zip(
            entities.country[rows.entity[picked]].tolist(), entities.city[rows.entity[picked]].tolist(), strict=True
        )
    ]
    text = [
        city + t if code == "CN" and lawful and not t.isascii() else t
        for t, code, lawful, city in zip(text, codes, legal, cities, strict=True)
    ]
    out[picked] = words(
        [
            f[k].replace("%", t) if lawful and f and not t.isascii() else t
            for t, f, k, lawful in zip(text, forms, which, legal, strict=True)
        ]
    )


def tell_news(rng: Rng, mess: Mess, names: Array, rows: Rows, accounts: Accounts) -> None:
    """Names that tell a rename, a takeover or a trade name."""
    renamed = mess.plant("former_name_beside", rows.renamed & (accounts.old_core[rows.account] != ""))
    pattern = draw(rng, w.FORMER, len(renamed))
    names[renamed] = words(
        [
            p.format(new=new, old=old)
            for p, new, old in zip(pattern, names[renamed], accounts.old_core[rows.account[renamed]], strict=True)
        ]
    )
    bought = mess.plant("acquirer_beside", rows.absorbed & (accounts.kind[rows.account] == ACQUIRED))
    acquirer = accounts.names.core[accounts.parent[rows.account[bought]]]
    pattern = draw(rng, w.ACQUIRED, len(bought))
    names[bought] = words(
        [p.format(new=new, old=old) for p, new, old in zip(pattern, acquirer, names[bought], strict=True)]
    )
    trading = mess.plant("doing_business_as")
    trade_name = coin(rng, len(trading))
    pattern = draw(
        rng,
        (
            "{a} d/b/a {b}",
            "{a} dba {b}",
            "{b} ({a})",
            "{a} t/a {b}",
            "{b}, a trade name of {a}",
            "{a} / {b}",
            "{b} c/o {a}",
        ),
        len(trading),
    )
    names[trading] = words([p.format(a=a, b=b) for p, a, b in zip(pattern, names[trading], trade_name, strict=True)])
