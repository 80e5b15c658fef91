"""Records that look like companies which the programme works: what honest questions of identity are made of.

Belongs here: the second record of a company without a key, its entity in another country; and of others a namesake
abroad, a division on a host of the company's domain, a sister brand that uses the domain itself. They are of companies
with deals, so that pipeline hangs on the answer, and hold nothing themselves, so that no number is wrong without one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from abm_pipeline.sandbox.world.accounts import variant
from abm_pipeline.sandbox.world.companies import plain
from abm_pipeline.sandbox.world.names import COUNTRIES, INDUSTRIES, KINDS, STEMS
from abm_pipeline.sandbox.world.tables import Array

if TYPE_CHECKING:
    from abm_pipeline.sandbox.world import World

SHADOWS = {"tiny": 6, "demo": 48, "large": 220}
SHADOW_KINDS = ("twin", "country entity", "namesake", "division", "sister")
SHADOW_SHARES = (0.34, 0.34, 0.22, 0.07, 0.03)


def make_shadows(world: World, rng: np.random.Generator, ids: Array) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Salesforce records, with the given ids (more than needed), and the companies that some of them are of."""
    c, cal = world.companies, world.calendar
    table = world.tables["Account"]
    first = np.full(len(c), None, object)
    first[table.columns["_company"][::-1].astype(int)] = table.columns["Id"][::-1]
    busy = np.zeros(len(c), bool)
    busy[world.people.deals.company] = True
    fit = np.flatnonzero(busy & c.has_crm & c.has_own_domain)
    taken = set(c.name)
    homes = rng.choice(fit, min(SHADOWS[cal.scale.name], len(fit)), replace=False)
    kinds = rng.choice(len(SHADOW_KINDS), len(homes), p=SHADOW_SHARES)
    rows, companies = [], []
    for place, (home, kind) in enumerate(zip(homes.tolist(), kinds.tolist(), strict=True)):
        what = SHADOW_KINDS[kind]
        name, domain, country = c.name[home], c.domain[home], c.country[home]
        abroad = [each for each in COUNTRIES if each != country]
        there = abroad[int(rng.integers(len(abroad)))] if what in ("country entity", "namesake") else country
        code, region, _, ending, forms, cities, *_ = COUNTRIES[there]
        form, city = forms[int(rng.integers(len(forms)))], cities[int(rng.integers(len(cities)))]
        word = KINDS[int(rng.integers(len(KINDS)))]
        free = [stem for stem in STEMS if f"{stem} {word}" not in taken]
        site: str | None
        field = c.industry[home]
        if what == "twin":
            called, site, city = variant(rng, name, c.legal_name[home], 0.9), None, c.city[home]
        elif what == "country entity":
            called = f"{name} {there} {form}"
            site = (
                f"https://www.{plain(name)}-{code.lower()}.com"
                if rng.random() < 0.5
                else f"www.{domain}/{code.lower()}"
            )
        elif what == "namesake":
            called, site = f"{name} {form}", f"http://www.{plain(name)}{plain(city)}.{ending}"
            others = [each for each in INDUSTRIES if each != field]
            field = others[int(rng.integers(len(others)))]
        elif what == "division":
            called, site = f"{name} {word}", f"https://{word.lower()}.{domain}"
        else:
            called, site = f"{free[int(rng.integers(len(free)))]} {word} {form}", f"https://www.{domain}"
        is_other = what not in ("twin", "country entity")
        key = f"N-{place:04d}"
        if is_other:
            companies.append(
                {
                    "company_id": key, "name": called, "domain": None, "industry": field, "region": region,
                    "parent": c.company_id[home] if what in ("division", "sister") else None, "country": there,
                    "employees": max(8, int(c.employees[home]) // 9), "is_ever_target": False,
                }
            )  # fmt: skip
        tells = what not in ("twin", "namesake") and rng.random() < 0.7
        rows.append(
            {
                "key": ids[place], "company_id": key if is_other else c.company_id[home],
                "name": called, "website": site, "phone": None, "country": there, "city": city,
                "industry": field if rng.random() < 0.7 else None,
                "employee_count": int(c.employees[home]) // (9 if is_other else 1) if rng.random() < 0.5 else None,
                "parent_key": first[home] if tells else None,
            }
        )  # fmt: skip
    return pd.DataFrame(rows), pd.DataFrame(companies)
