"""A deterministic ABM world: companies, people, touches, deals, ads and intent, and how systems record them.

`build_world` is a pure function of its arguments. The world is generated once, from well before the half-year of
`until` to 60 days past it; the clock decides how much of it can be seen, so an earlier clock always shows a prefix of
a later one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from abm_pipeline.sandbox.world.accounts import make_accounts
from abm_pipeline.sandbox.world.activities import make_campaign_table, make_events, make_members, make_tasks
from abm_pipeline.sandbox.world.ads import Ads, make_ads
from abm_pipeline.sandbox.world.campaigns import Campaigns, make_campaigns
from abm_pipeline.sandbox.world.companies import Companies, Tiers, make_companies, make_interest, make_tiers
from abm_pipeline.sandbox.world.crm_deals import Money, make_deal_tables, make_money
from abm_pipeline.sandbox.world.crm_people import make_people, make_user_table
from abm_pipeline.sandbox.world.deals import Deals, make_deals
from abm_pipeline.sandbox.world.intent import Intent
from abm_pipeline.sandbox.world.people import (
    Contacts,
    Leads,
    Users,
    account_created,
    make_contacts,
    make_leads,
    make_owners,
    make_users,
    met_late,
)
from abm_pipeline.sandbox.world.scales import DAY, Calendar, calendar, to_date, to_day
from abm_pipeline.sandbox.world.tables import Array, Table
from abm_pipeline.sandbox.world.touches import Touches, deal_meetings, engagement, lead_touches, listing, make_touches
from abm_pipeline.sandbox.world.truth import make_truth, write_truth

T = TypeVar("T")
__all__ = ["Population", "World", "build_world", "write_truth"]


@dataclass(frozen=True)
class Population:
    """What is true of companies, people and what happened between them, before any system records it.

    Positions in `companies`, `contacts`, `leads`, `users`, `campaigns` and `deals` are what the others refer to.
    `interest` and `listing` are companies × weeks (`Calendar.first_monday` on); `owner` is a user a company, `offset`
    its owner's hours from UTC. `contact_ids` and `lead_ids` are the Salesforce ids of their records.
    """

    users: Users
    contacts: Contacts
    leads: Leads
    touches: Touches
    deals: Deals
    interest: Array
    listing: Array
    owner: Array
    offset: Array
    contact_ids: Array
    lead_ids: Array


class World:
    """The generated timeline and a clock. `tables` are Salesforce objects by name; `truth` is computed at the clock."""

    def __init__(
        self,
        cal: Calendar,
        companies: Companies,
        tiers: Tiers,
        campaigns: Campaigns,
        tables: dict[str, Table],
        money: Money,
        ads: Ads,
        intent: Intent,
        people: Population,
        until: dt.date,
    ) -> None:
        self.calendar, self.companies, self.tiers, self.campaigns = cal, companies, tiers, campaigns
        self.tables, self.money, self.ads, self.intent, self.people = tables, money, ads, intent, people
        self._parts: dict[str, Any] = {}
        self.day = to_day(until)
        self._truth: tuple[int, dict[str, pd.DataFrame]] | None = None

    @property
    def until(self) -> dt.date:
        """The clock: the last day that has happened."""
        return to_date(self.day)

    @property
    def instant(self) -> int:
        """Last second of the clock's day, UTC."""
        return (self.day + 1) * DAY - 1

    def set_clock(self, until: dt.date) -> None:
        """Move the clock. Raises ValueError outside the generated timeline."""
        day = to_day(until)
        if not self.calendar.start <= day <= self.calendar.horizon:
            raise ValueError(
                f"the clock of this world runs from {to_date(self.calendar.start)} to {to_date(self.calendar.horizon)}"
            )
        self.day = day

    def part(self, name: str, make: Callable[[World], T]) -> T:
        """What `make` makes of the whole timeline, made once: records of a vendor that only it needs.

        It must not depend on the clock; draw from `calendar.rng(<a name of its own>)`.
        """
        if name not in self._parts:
            self._parts[name] = make(self)
        made: T = self._parts[name]
        return made

    @property
    def truth(self) -> dict[str, pd.DataFrame]:
        """The planted truth at the clock; see `truth.NAMES`."""
        if self._truth is None or self._truth[0] != self.day:
            self._truth = (self.day, make_truth(self))
        return self._truth[1]


def build_world(scale: str, seed: int, until: dt.date) -> World:
    """The world of a scale (`tiny`, `demo`, `large`) and seed with its clock at `until`. Same arguments, same world."""
    cal = calendar(scale, seed, until)
    companies, tiers = make_companies(cal), make_tiers(cal)
    interest, grid = make_interest(cal, companies), listing(cal, companies, tiers)
    users, campaigns = make_users(cal), make_campaigns(cal)
    owner = make_owners(cal, companies, users)
    offset = users.offset[owner]
    born = account_created(cal, companies)
    leads = make_leads(cal, companies, born)
    contacts = make_contacts(cal, companies, leads, born)
    touches = make_touches(cal, companies, grid, interest, contacts, offset, campaigns)
    recent = engagement(cal, touches, len(companies))
    deals = make_deals(cal, companies, tiers, grid, interest, recent, born)
    touches = touches.joined(deal_meetings(cal, companies, deals, contacts, offset)).joined(
        lead_touches(cal, leads, campaigns, offset)
    )
    user_ids, user_table = make_user_table(users)
    owner_ids = user_ids[owner]
    with_deals = np.zeros(len(companies), bool)
    with_deals[deals.company] = True
    contacts = met_late(cal, companies, contacts, touches.contact, touches.instant, with_deals)
    accounts = make_accounts(cal, companies, tiers, born, owner_ids, with_deals)
    busy = np.zeros(len(contacts.company), bool)
    busy[touches.contact[touches.contact >= 0]] = True
    people = make_people(cal, companies, contacts, leads, accounts, owner_ids, busy)
    campaign_ids, campaign_table = make_campaign_table(campaigns, user_ids[6])
    money = make_money(cal)
    tables = make_deal_tables(
        cal, companies, contacts, people.contact_ids, accounts, deals, campaigns, campaign_ids, owner_ids
    )
    deal_ids = tables["Opportunity"].columns["Id"][
        np.searchsorted(tables["Opportunity"].record, np.arange(len(deals.company)))
    ]
    tables |= {
        "Account": accounts.table,
        "AccountHistory": accounts.history,
        "Contact": people.contacts,
        "Lead": people.leads,
        "User": user_table,
        "Campaign": campaign_table,
        "CampaignMember": make_members(cal, touches, people, contacts, leads, campaigns, campaign_ids),
        "Task": make_tasks(cal, touches, people, accounts, campaigns, campaign_ids, owner_ids, offset),
        "Event": make_events(cal, touches, people, contacts, accounts, deal_ids, owner_ids, offset),
        "DatedConversionRate": money.table,
    }
    ads = make_ads(cal, companies, grid, interest, campaigns, money)
    population = Population(
        users, contacts, leads, touches, deals, interest, grid, owner, offset, people.contact_ids, people.lead_ids
    )
    return World(
        cal, companies, tiers, campaigns, tables, money, ads, Intent(cal, companies, interest), population, until
    )
