"""The real companies of the world, their families, their place on the target list, and how interested they are.

Belongs here: what is true about a company. How systems record it is in `accounts`, `ads` and `intent`.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

import numpy as np

from abm_pipeline.sandbox.world.names import COUNTRIES, INDUSTRIES, KINDS, STEMS
from abm_pipeline.sandbox.world.scales import NEVER, Calendar
from abm_pipeline.sandbox.world.tables import Array, objects

TIERS = ("one_to_one", "one_to_few", "one_to_many")
TIER_SHARES = (0.08, 0.30, 0.62)


@dataclass(frozen=True)
class Companies:
    """One entry per real company; `parent` is a position or -1, `agency` the one whose domain it uses or -1.

    `reach`: how much of the programme's effort gets to the company at all, from 0 (nothing) to 1.
    """

    company_id: Array
    name: Array
    legal_name: Array
    domain: Array
    country: Array
    city: Array
    industry: Array
    employees: Array
    revenue: Array
    parent: Array
    agency: Array
    has_crm: Array
    ever_target: Array
    reach: Array

    def __len__(self) -> int:
        return len(self.company_id)

    @property
    def has_own_domain(self) -> Array:
        """Which companies are told by their domain alone: neither an agency nor one that borrows an agency's."""
        own: Array = self.agency < 0
        own[self.agency[~own]] = False
        return own

    def effort(self, listed: float = 1.0) -> Array:
        """Odds that something which the programme does, and that shows by domain or address, gets to each company.

        They follow `reach`, so a company with none is never touched; `listed` times as much for those on the list.
        """
        odds: Array = self.reach * np.where(self.ever_target, listed, 1.0) * self.has_own_domain
        return odds


@dataclass(frozen=True)
class Tiers:
    """Stays on the target list: company position, tier, first day and the day after the last (`NEVER` when open)."""

    company: Array
    tier: Array
    valid_from: Array
    valid_to: Array

    def at(self, companies: Array, days: Array) -> Array:
        """Tier position (0…2) of each company on each day, -1 when it was not listed."""
        found = np.full(len(companies), -1, np.int64)
        for company, tier, first, end in zip(self.company, self.tier, self.valid_from, self.valid_to, strict=True):
            low, high = self._span(companies, int(company))
            inside = (days[low:high] >= first) & (days[low:high] < end)
            found[low:high][inside] = tier
        return found

    def _span(self, companies: Array, company: int) -> tuple[int, int]:
        low, high = np.searchsorted(companies, [company, company + 1])
        return int(low), int(high)


def make_companies(cal: Calendar) -> Companies:
    """All companies of the world; the first `scale.targets` positions are those that are ever listed."""
    rng, size = cal.rng("companies"), cal.scale.companies
    kind_industry = {kind: name for name, kinds in INDUSTRIES.items() for kind in kinds}
    picked = rng.permutation(len(STEMS) * len(KINDS))[:size]
    stems = [STEMS[i // len(KINDS)] for i in picked]
    kinds = [KINDS[i % len(KINDS)] for i in picked]
    weights = np.array([place[7] for place in COUNTRIES.values()], float)
    countries = list(COUNTRIES)
    where = rng.choice(len(countries), size, p=weights / weights.sum())
    draw = rng.random((5, size))
    country = [countries[i] for i in where]
    short = [f"{stem} {kind}" for stem, kind in zip(stems, kinds, strict=True)]
    forms = [COUNTRIES[c][4] for c in country]
    legal = [f"{n} {f[int(u * len(f))]}" for n, f, u in zip(short, forms, draw[0], strict=True)]
    endings = [
        "com" if u < 0.55 else "io" if u > 0.96 else COUNTRIES[c][3] for c, u in zip(country, draw[1], strict=True)
    ]
    glue = ["-" if u < 0.12 else "" for u in draw[2]]
    domain = [
        f"{plain(stem)}{g}{plain(kind)}.{end}" for stem, kind, g, end in zip(stems, kinds, glue, endings, strict=True)
    ]
    targets = cal.scale.targets
    employees = np.exp(rng.normal(5.2, 1.2, size) + np.where(np.arange(size) < targets, 0.9, 0.0))
    employees = np.clip(employees, 8, 90_000).astype(np.int64)
    revenue = (employees * np.exp(rng.normal(12.1, 0.4, size)) / 1000).round() * 1000.0
    parent = _parents(rng, size, employees)
    has_crm = (np.arange(size) < targets) | (rng.random(size) < 0.88)
    agency = np.full(size, -1, np.int64)
    for group in range(2 if size < 100 else 3):
        # The last companies of the list borrow the domain of an agency next to them.
        hub = size - 1 - 4 * group
        agency[hub - 3 : hub - (1 if size < 100 else 0)] = hub
        has_crm[hub - 3 : hub + 1] = True
        parent[hub - 3 : hub + 1] = -1
    return Companies(
        objects(f"C{i:05d}" for i in range(size)),
        objects(short),
        objects(legal),
        objects(domain),
        objects(country),
        objects(COUNTRIES[c][5][int(u * len(COUNTRIES[c][5]))] for c, u in zip(country, draw[3], strict=True)),
        objects(kind_industry.get(kind, "Business Services") for kind in kinds),
        employees,
        revenue,
        parent,
        agency,
        has_crm,
        np.arange(size) < targets,
        cal.rng("reach").choice((0.0, 0.03, 0.25, 0.75), size, p=(0.25, 0.32, 0.27, 0.16)),
    )


def plain(text: str) -> str:
    """Lower-case ASCII letters and digits of a text."""
    flat = unicodedata.normalize("NFKD", text.replace("ø", "o").replace("Ø", "O"))
    return "".join(char for char in flat.lower() if char.isascii() and char.isalnum())


def _parents(rng: np.random.Generator, size: int, employees: Array) -> Array:
    """About one company in ten belongs to a larger one; families are one level deep."""
    parent = np.full(size, -1, np.int64)
    children = rng.permutation(size)[: max(2, size // 10)]
    candidates = np.setdiff1d(np.argsort(-employees)[: size // 3], children)
    parent[children] = rng.choice(candidates, len(children))
    return parent


def make_tiers(cal: Calendar) -> Tiers:
    """The target list through time: joins, moves between tiers, removals and a few returns."""
    rng, targets = cal.rng("tiers"), cal.scale.targets
    rows: list[tuple[int, int, int, int]] = []
    first_tier = rng.permutation(np.searchsorted(np.cumsum(TIER_SHARES)[:-1], (np.arange(targets) + 0.5) / targets))
    late_join = rng.random(targets) < 0.12
    for company in range(targets):
        span = cal.days - 10
        begin = cal.start + int(rng.integers(5, span)) if late_join[company] else cal.start - int(rng.integers(30, 300))
        tier, end = int(first_tier[company]), int(NEVER)
        fate = rng.random()
        turn = max(begin, cal.start) + int(rng.integers(15, 40 + cal.days))
        if fate < 0.09 and turn < cal.horizon:
            other = tier - 1 if tier == 2 or (tier and rng.random() < 0.7) else tier + 1
            rows.append((company, tier, begin, turn))
            begin, tier = turn, other
        elif fate < 0.14 and turn < cal.horizon:
            rows.append((company, tier, begin, turn))
            back = turn + int(rng.integers(20, 90))
            if rng.random() < 0.3 and back < cal.horizon:
                rows.append((company, tier, back, end))
            continue
        rows.append((company, tier, begin, end))
    table = np.array(rows, np.int64)
    return Tiers(table[:, 0], table[:, 1], table[:, 2], table[:, 3])


def make_interest(cal: Calendar, companies: Companies) -> Array:
    """Latent interest, companies × weeks, roughly standard normal: a level, a slow drift and buying episodes."""
    rng, size, weeks = cal.rng("interest"), len(companies), cal.weeks
    level = rng.normal(0, 0.6, size) + np.where(companies.ever_target, 0.2, -0.1)
    drift = np.zeros((size, weeks))
    drift[:, 0] = rng.normal(0, 0.5, size)
    shocks = rng.normal(0, 0.2, (size, weeks))
    for week in range(1, weeks):
        drift[:, week] = 0.9 * drift[:, week - 1] + shocks[:, week]
    episodes = rng.poisson(weeks / 52 * 1.1, size)
    who = np.repeat(np.arange(size), episodes)
    peak, height = rng.integers(-4, weeks + 4, len(who)), rng.gamma(4, 0.45, len(who))
    axis = np.arange(weeks)
    distance = axis[None, :] - peak[:, None]
    width = np.where(distance < 0, 3.0, 6.0)
    bumps = height[:, None] * np.exp(-((distance / width) ** 2))
    np.add.at(drift, who, bumps)
    return level[:, None] + drift
