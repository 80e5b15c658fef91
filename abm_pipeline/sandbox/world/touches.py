"""What happened between the company and its market: mails, calls, meetings, responses to campaigns.

Belongs here: the true touches, one row each. How the CRM logs them (late, edited, deleted) is in `activities`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from abm_pipeline.sandbox.world.campaigns import Campaigns
from abm_pipeline.sandbox.world.companies import Companies, Tiers
from abm_pipeline.sandbox.world.deals import Deals
from abm_pipeline.sandbox.world.people import Contacts, Leads
from abm_pipeline.sandbox.world.scales import DAY, Calendar
from abm_pipeline.sandbox.world.tables import Array

KINDS = (
    "email_sent",
    "email_reply",
    "call",
    "call_connected",
    "todo",
    "meeting",
    "meeting_no_show",
    "meeting_cancelled",
    "webinar_attended",
    "content_download",
    "form_fill",
    "event_attended",
    "invited",
)
EMAIL, REPLY, CALL, CONNECTED, TODO, MEETING, NO_SHOW, CANCELLED, WEBINAR, CONTENT, FORM, EVENT, INVITED = range(13)
# Weekly rates at average interest for an unlisted company and the factor for tiers 1:1, 1:Few, 1:Many, and the
# exponent with which interest acts. Sales decides how much to send; the buyer decides how much to answer.
RATES = {
    EMAIL: (1.1, (5.5, 4.0, 2.8), 0.10),
    REPLY: (0.022, (7.0, 4.5, 3.0), 0.55),
    CALL: (0.2, (6.0, 4.0, 2.5), 0.10),
    CONNECTED: (0.020, (7.0, 4.5, 3.0), 0.45),
    TODO: (0.2, (4.0, 3.0, 2.0), 0.0),
    MEETING: (0.008, (9.0, 5.0, 2.5), 0.65),
    NO_SHOW: (0.0012, (8.0, 5.0, 2.5), 0.3),
    CANCELLED: (0.001, (8.0, 5.0, 2.5), 0.1),
    CONTENT: (0.020, (6.0, 4.5, 3.2), 0.60),
    FORM: (0.006, (5.0, 4.0, 3.0), 0.60),
}
# What each kind adds to the engagement that drives deals.
PULL = {REPLY: 1.0, CONNECTED: 1.0, MEETING: 3.0, WEBINAR: 2.0, CONTENT: 1.5, FORM: 3.0, EVENT: 2.5}


@dataclass(frozen=True)
class Touches:
    """One row per touch; `contact`, `lead`, `campaign` and `deal` are positions or -1, `instant` seconds UTC."""

    company: Array
    contact: Array
    lead: Array
    kind: Array
    instant: Array
    campaign: Array
    deal: Array

    def joined(self, other: Touches) -> Touches:
        """Both sets of touches, this one's first."""
        return Touches(*(np.concatenate([a, b]) for a, b in zip(self.parts(), other.parts(), strict=True)))

    def parts(self) -> tuple[Array, ...]:
        """The columns in declaration order."""
        return (self.company, self.contact, self.lead, self.kind, self.instant, self.campaign, self.deal)


def listing(cal: Calendar, companies: Companies, tiers: Tiers) -> Array:
    """Tier position by company and week, -1 when not listed, judged on the week's Monday."""
    mondays = cal.first_monday + 7 * np.arange(cal.weeks)
    grid = np.full((len(companies), cal.weeks), -1, np.int64)
    for company, tier, first, end in zip(tiers.company, tiers.tier, tiers.valid_from, tiers.valid_to, strict=True):
        grid[company, (mondays >= first) & (mondays < end)] = tier
    return grid


def make_touches(
    cal: Calendar,
    companies: Companies,
    grid: Array,
    interest: Array,
    contacts: Contacts,
    offset: Array,
    campaigns: Campaigns,
) -> Touches:
    """Touches of contacts: weekly Poisson counts driven by tier and interest, then campaign dates."""
    rng = cal.rng("touches")
    parts = []
    for kind, (base, factors, power) in RATES.items():
        factor = np.array([*factors, 1.0])[grid]
        counts = rng.poisson(companies.reach[:, None] * base * factor * np.exp(power * np.clip(interest, -2.5, 3.0)))
        company, week = np.nonzero(counts)
        times = counts[company, week]
        company, week = np.repeat(company, times), np.repeat(week, times)
        weekday = rng.choice(7, len(week), p=(0.2, 0.21, 0.21, 0.19, 0.15, 0.02, 0.02))
        day = cal.first_monday + 7 * week + weekday
        touch = _with_contacts(cal, rng, kind, company, day, contacts, offset)
        if kind in (CONTENT, FORM):
            touch = _with_campaign(cal, rng, touch, campaigns, "Content" if kind == CONTENT else "Web Form")
        parts.append(touch)
    parts.extend(_attendance(cal, rng, campaigns, companies.reach, interest, grid, contacts))
    joined = parts[0]
    for part in parts[1:]:
        joined = joined.joined(part)
    return joined


def _with_contacts(
    cal: Calendar, rng: np.random.Generator, kind: int, company: Array, day: Array, contacts: Contacts, offset: Array
) -> Touches:
    """Give each touch a contact that existed by then and an instant in the owner's working hours."""
    low, known = contacts.known_at(company, day)
    keep = (known > 0) & (day >= cal.start) & (day <= cal.horizon)
    company, day, low, known = company[keep], day[keep], low[keep], known[keep]
    contact = low + np.floor(rng.random(len(low)) ** 1.3 * known).astype(np.int64)
    local = rng.integers(8 * 3600, 18 * 3600, len(day))
    if kind in (MEETING, NO_SHOW, CANCELLED):
        local = local // 1800 * 1800
    instant = day * DAY + local - offset[company] * 3600
    none = np.full(len(day), -1, np.int64)
    return Touches(company, contact, none, np.full(len(day), kind), instant, none, none)


def _with_campaign(cal: Calendar, rng: np.random.Generator, touch: Touches, campaigns: Campaigns, kind: str) -> Touches:
    """Give each response one of the campaigns that ran on its day; a person responds to a campaign once."""
    pool = campaigns.of_type(kind)
    per_wave = int((campaigns.start[pool] == campaigns.start[pool][0]).sum())
    wave = (touch.instant // DAY - campaigns.start[pool][0]) // 91
    slot = np.minimum(wave * per_wave + rng.integers(0, per_wave, len(wave)), len(pool) - 1)
    chosen = pool[slot]
    _, first = np.unique(touch.contact * 10_000 + chosen, return_index=True)
    first.sort()
    parts = [part[first] for part in touch.parts()]
    parts[5] = chosen[first]
    return Touches(*parts)


def _attendance(
    cal: Calendar,
    rng: np.random.Generator,
    campaigns: Campaigns,
    reach: Array,
    interest: Array,
    grid: Array,
    contacts: Contacts,
) -> list[Touches]:
    """Invitations to webinars and conferences, and who came."""
    parts = []
    for kind, code, invited, share in (("Webinar", WEBINAR, 0.05, 0.42), ("Event", EVENT, 0.03, 0.5)):
        for campaign in campaigns.of_type(kind):
            day = int(campaigns.start[campaign] + (21 if kind == "Webinar" else 40))
            if day < cal.start or day > cal.horizon:
                continue
            week = (day - cal.first_monday) // 7
            mood = np.exp(0.45 * np.clip(interest[:, week], -2.5, 3)) * np.array([4.0, 3.0, 2.0, 1.0])[grid[:, week]]
            mood *= reach
            who = np.flatnonzero(contacts.created < (day - 22) * DAY)
            who = who[rng.random(len(who)) < np.minimum(0.6, invited * 0.5 * mood[contacts.company[who]])]
            came = rng.random(len(who)) < share
            none = np.full(len(who), -1, np.int64)
            instant = day * DAY + 14 * 3600 + rng.integers(0, 1800, len(who))
            parts.append(
                Touches(
                    contacts.company[who],
                    who,
                    none,
                    np.where(came, code, INVITED),
                    instant,
                    np.full(len(who), campaign),
                    none,
                )
            )
    return parts


def lead_touches(cal: Calendar, leads: Leads, campaigns: Campaigns, offset: Array) -> Touches:
    """What leads did: a form or download that made them, later downloads, calls and mails before conversion."""
    rng, size = cal.rng("lead touches"), len(leads.company)
    everyone = np.arange(size)
    end = np.minimum(np.where(leads.converted > 0, leads.converted, leads.created + 90 * DAY), (cal.horizon + 1) * DAY)
    parts = []
    for kind, mean in ((FORM, None), (CONTENT, 0.6), (EMAIL, 1.6), (CALL, 0.5), (CONNECTED, 0.3), (REPLY, 0.25)):
        who = everyone[rng.random(size) < 0.8] if mean is None else np.repeat(everyone, rng.poisson(mean, size))
        start = leads.created[who]
        wait = np.zeros(len(who)) if mean is None else rng.random(len(who)) * (end[who] - start)
        instant = start + wait.astype(np.int64) + 60
        keep = (instant >= cal.start * DAY) & (instant < end[who])
        who, instant = who[keep], instant[keep]
        none = np.full(len(who), -1, np.int64)
        touch = Touches(leads.company[who], none, who, np.full(len(who), kind), instant, none, none)
        if kind in (FORM, CONTENT):
            pool = "Content" if kind == CONTENT else "Web Form"
            stand_in = Touches(touch.company, who, none, touch.kind, instant, none, none)
            picked = _with_campaign(cal, rng, stand_in, campaigns, pool)
            touch = Touches(
                picked.company,
                np.full(len(picked.company), -1),
                picked.contact,
                picked.kind,
                picked.instant,
                picked.campaign,
                picked.deal,
            )
        parts.append(touch)
    joined = parts[0]
    for part in parts[1:]:
        joined = joined.joined(part)
    return joined


def deal_meetings(cal: Calendar, companies: Companies, deals: Deals, contacts: Contacts, offset: Array) -> Touches:
    """Meetings that sales holds about open deals, about three a deal where it gets to the company at all."""
    rng = cal.rng("deal meetings")
    held = rng.poisson(3.0 * np.minimum(4.0 * companies.reach[deals.company], 1.0))
    deal = np.repeat(np.arange(len(held)), held)
    span = deals.closed[deal] - deals.created[deal]
    day = (deals.created[deal] + (rng.random(len(deal)) * span).astype(np.int64)) // DAY
    made = _with_contacts(cal, rng, MEETING, deals.company[deal], day, contacts, offset)
    _, known = contacts.known_at(deals.company[deal], day)
    keep = (known > 0) & (day >= cal.start) & (day <= cal.horizon)
    parts = list(made.parts())
    parts[3] = np.where(rng.random(len(made.kind)) < 0.08, NO_SHOW, MEETING)
    parts[6] = deal[keep]
    return Touches(*parts)


def engagement(cal: Calendar, touches: Touches, companies: int) -> Array:
    """Recent pull by company and week: weighted touches of the six weeks before, newer ones more."""
    pull = np.array([PULL.get(kind, 0.0) for kind in range(len(KINDS))])[touches.kind]
    grid = np.zeros((companies, cal.weeks))
    week = np.clip((touches.instant // DAY - cal.first_monday) // 7, 0, cal.weeks - 1)
    np.add.at(grid, (touches.company, week), pull)
    recent = np.zeros_like(grid)
    for lag in range(1, 7):
        recent[:, lag:] += grid[:, :-lag] * 0.85 ** (lag - 1)
    return recent
