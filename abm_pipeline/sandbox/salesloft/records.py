"""Salesloft's records as of an instant, in the words of its API: flat objects that refer to others by id and `_href`.

Belongs here: what each resource says. Who was mailed and called is in `_sales`. Mails carry counters of views, clicks
and replies, but not when these happened; each moves the mail's and its person's `updated_at`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from abm_pipeline.sandbox._sales import Book, Calls, Mails, latest, make_book, make_calls, make_mails
from abm_pipeline.sandbox.world import World
from abm_pipeline.sandbox.world.scales import DAY, NEVER
from abm_pipeline.sandbox.world.tables import Array

HREF = "https://api.salesloft.com/v2"
CADENCES = ("EMEA outbound", "Event follow-up", "Inbound leads", "Partner intros", "Win back")
# First ids by kind.
FIRST = {"accounts": 35_092_356, "people": 103_358_219, "emails": 8_190_809, "calls": 2_113_993, "cadences": 25_591}
# By position in `_sales.DISPOSITIONS`.
DISPOSITIONS = ("Connected", "Connected", "Connected", "No Answer", "Left Voicemail", "Wrong Number")
# The team's time zone; the world has no daylight saving.
ZONE = dt.timezone(dt.timedelta(hours=-5))
MICROS = 1_000_000
Row = dict[str, Any]


@dataclass(frozen=True)
class Salesloft:
    """All that will ever be in the tool. `edited` is when a person's title was corrected."""

    book: Book
    mails: Mails
    calls: Calls
    cadence_made: Array
    edited: Array
    account_of: Array


def make(world: World) -> Salesloft:
    """The tool of the teams outside North America."""
    book = make_book(world, "salesloft", world.people.offset >= 0)
    people, rng = book.people, world.calendar.rng("salesloft edits")
    edited = np.where(
        rng.random(len(people.company)) < 0.1, people.created + rng.integers(10, 300, len(people.company)) * DAY, NEVER
    )
    return Salesloft(
        book,
        make_mails(world, "salesloft", people, len(CADENCES)),
        make_calls(world, "salesloft", people, len(CADENCES)),
        world.calendar.start * DAY + 30_000 + rng.integers(0, 40 * DAY, len(CADENCES)),
        edited,
        np.searchsorted(book.company, people.company),
    )


@dataclass(frozen=True)
class Listing:
    """A kind of resource at an instant: positions of those there are, `updated_at` in microseconds, how each reads."""

    positions: Array
    updated: Array
    row: Callable[[int, str], Row]


def listings(world: World) -> dict[str, Listing]:
    """Every collection at the clock, by the last part of its path."""
    now, tool = world.instant, world.part("salesloft", make)
    mails, calls, people, book = tool.mails, tool.calls, tool.book.people, tool.book
    mail_at = latest(
        now, mails.created, mails.delivered, mails.bounced, mails.failed, mails.opened, mails.reopened, mails.clicked,
        mails.replied,
    )  # fmt: skip
    call_at = latest(now, calls.ended)
    touched = np.zeros(len(people.company), np.int64)
    np.maximum.at(touched, mails.person, mail_at)
    np.maximum.at(touched, calls.person, call_at)
    cadence_at = latest(now, tool.cadence_made)
    in_one = mails.sequence >= 0
    np.maximum.at(cadence_at, mails.sequence[in_one], latest(now, mails.created)[in_one])
    account_at = latest(now, book.created)
    # People that are added move their account's counter.
    np.maximum.at(account_at, tool.account_of, np.maximum(touched, latest(now, people.created)))
    view = _View(world, tool, now, touched)
    found = {
        "accounts": (book.created <= now, account_at, view.account),
        "people": (
            (people.created <= now) & (now < people.gone), latest(now, people.created, touched, tool.edited),
            view.person,
        ),
        "emails": (mails.created <= now, mail_at, view.email),
        "calls": (calls.ended <= now, call_at, view.call),
        "cadences": (tool.cadence_made <= now, cadence_at, view.cadence),
    }  # fmt: skip
    out = {}
    for name, (there, updated, row) in found.items():
        positions = np.flatnonzero(there)
        # Imports make many accounts at the same microsecond.
        micros = np.zeros(len(positions), np.int64) if name == "accounts" else positions * 7_919 % MICROS
        out[name] = Listing(positions, updated[positions] * MICROS + micros, row)
    return out


def stamp(micros: int) -> str:
    """A time as Salesloft writes it: microseconds, with the team's offset."""
    at = dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=int(micros))
    return at.astimezone(ZONE).isoformat(timespec="microseconds")


def _linked(path: str, ident: int | None) -> Row | None:
    return None if ident is None else {"_href": f"{HREF}/{path}/{ident}", "id": ident}


@dataclass(frozen=True)
class _View:
    """How records read at an instant."""

    world: World
    tool: Salesloft
    now: int
    touched: Array

    def at(self, instant: Any) -> str | None:
        return stamp(int(instant) * MICROS) if 0 < instant <= self.now else None

    def _owner(self, company: int) -> Row | None:
        return _linked("users", 6_970 + int(self.world.people.owner[company]))

    def account(self, place: int, updated: str) -> Row:
        book, c = self.tool.book, self.world.companies
        company, crm = int(book.company[place]), book.crm[place]
        here = self.tool.account_of == place
        return {
            "id": FIRST["accounts"] + place, "created_at": self.at(book.created[place]), "updated_at": updated,
            "archived_at": None, "name": c.legal_name[company],
            "domain": c.domain[company] if company % 13 else f"www.{c.domain[company]}",
            "conversational_name": c.name[company], "description": None, "phone": None,
            "website": f"http://{c.domain[company]}", "linkedin_url": None, "twitter_handle": None, "street": None,
            "city": c.city[company], "state": None, "postal_code": None, "country": c.country[company],
            "locale": None, "industry": c.industry[company], "company_type": None, "founded": None,
            "revenue_range": None, "size": str(int(c.employees[company])), "crm_id": crm,
            "crm_url": None if crm is None else f"https://northwind.my.salesforce.com/{crm}",
            "crm_object_type": "account", "owner_crm_id": None, "last_contacted_at": None,
            "last_contacted_type": None, "do_not_contact": False, "custom_fields": {}, "user_relationships": [],
            "tags": [], "counts": {"people": int((here & (self.tool.book.people.created <= self.now)).sum())},
            "owner": self._owner(company), "creator": _linked("users", 6_970), "last_contacted_by": None,
            "last_contacted_person": None, "company_stage": None, "account_tier": None,
        }  # fmt: skip

    def person(self, place: int, updated: str) -> Row:
        people, mails, calls, c = self.tool.book.people, self.tool.mails, self.tool.calls, self.world.companies
        company, title, crm = int(people.company[place]), people.title[place], people.crm[place]
        if title is not None and self.tool.edited[place] <= self.now:
            title = f"Senior {title}"
        of = np.flatnonzero(mails.person == place)
        name, email = f"{people.first[place]} {people.last[place]}", people.email[place]
        happened = {
            "emails_sent": mails.delivered, "emails_viewed": mails.opened, "emails_clicked": mails.clicked,
            "emails_replied_to": mails.replied, "emails_bounced": mails.bounced,
        }  # fmt: skip
        counts = {what: int((at[of] <= self.now).sum()) for what, at in happened.items()}
        counts["calls"] = int(((calls.person == place) & (calls.ended <= self.now)).sum())
        return {
            "id": FIRST["people"] + place, "created_at": self.at(people.created[place]), "updated_at": updated,
            "last_contacted_at": self.at(self.touched[place]), "last_replied_at": None,
            "first_name": people.first[place], "last_name": people.last[place], "display_name": name,
            "email_address": email, "full_email_address": f'"{name}" <{email}>', "secondary_email_address": None,
            "personal_email_address": None, "phone": people.phone[place], "phone_extension": None,
            "home_phone": None, "mobile_phone": None, "linkedin_url": None, "title": title, "city": None,
            "state": None, "country": c.country[company], "work_city": None, "work_state": None, "work_country": None,
            "crm_url": None if crm is None else f"https://northwind.my.salesforce.com/{crm}", "crm_id": crm,
            "crm_object_type": None if crm is None else "lead" if crm.startswith("00Q") else "contact",
            "owner_crm_id": None, "person_company_name": c.name[company],
            "person_company_website": f"http://{c.domain[company]}", "person_company_industry": None,
            "do_not_contact": False, "bouncing": counts["emails_bounced"] > 0, "locale": "Europe/London",
            "locale_utc_offset": 60, "eu_resident": False, "personal_website": None, "twitter_handle": None,
            "last_contacted_type": None, "job_seniority": "manager" if place % 3 else None, "custom_fields": {},
            "tags": [], "contact_restrictions": [], "success_count": 0, "starred": False, "untouched": False,
            "counts": counts, "account": _linked("accounts", FIRST["accounts"] + int(self.tool.account_of[place])),
            "owner": self._owner(company), "last_contacted_by": None, "import": None,
            "person_stage": _linked("person_stages", 10_148), "most_recent_cadence": None,
            "last_completed_step_cadence": None, "last_completed_step": None, "cadences": [],
        }  # fmt: skip

    def _cadence(self, number: int) -> Row | None:
        return _linked("cadences", FIRST["cadences"] + number if number >= 0 else None)

    def email(self, place: int, updated: str) -> Row:
        mails = self.tool.mails
        person = int(mails.person[place])
        sent = min(mails.delivered[place], mails.bounced[place])
        failed = mails.failed[place] <= self.now
        again = mails.reopened[place] <= self.now
        views = int(mails.opens[place]) if again else int(mails.opened[place] <= self.now)
        return {
            "id": FIRST["emails"] + place, "created_at": self.at(mails.created[place]), "updated_at": updated,
            "recipient_email_address": self.tool.book.people.email[person],
            "status": "failed" if failed else "sent" if sent <= self.now else "scheduled",
            "bounced": bool(mails.bounced[place] <= self.now), "send_after": self.at(mails.created[place]),
            "sent_at": self.at(sent), "view_tracking": True, "click_tracking": True, "headers": {},
            "personalization": "100.0",
            "counts": {
                "clicks": int(mails.clicked[place] <= self.now), "views": views,
                "replies": int(mails.replied[place] <= self.now), "unique_devices": min(views, 1),
                "unique_locations": min(views, 1), "attachments": 0,
            },
            "user": _linked("users", 6_970), "recipient": _linked("people", FIRST["people"] + person),
            "mailing": {"id": 3_121_331 + place}, "action": None, "task": None,
            "crm_activity": _linked("crm_activities", 11_324_527 + place),
            "cadence": self._cadence(int(mails.sequence[place])), "step": None, "email_template": None,
        }  # fmt: skip

    def call(self, place: int, updated: str) -> Row:
        calls = self.tool.calls
        took = bool(calls.answered[place] < NEVER)
        return {
            "id": FIRST["calls"] + place, "to": "+12345678900",
            "duration": int(calls.ended[place] - calls.answered[place]) if took else None, "sentiment": None,
            "disposition": DISPOSITIONS[int(calls.kind[place])], "created_at": self.at(calls.ended[place]),
            "updated_at": updated, "recordings": [], "user": _linked("users", 6_970), "action": None,
            "called_person": _linked("people", FIRST["people"] + int(calls.person[place])), "crm_activity": None,
            "note": None, "cadence": self._cadence(int(calls.sequence[place])), "step": None,
        }  # fmt: skip

    def cadence(self, place: int, updated: str) -> Row:
        of = self.tool.mails.sequence == place
        people = len(np.unique(self.tool.mails.person[of & (self.tool.mails.created <= self.now)]))
        stages = {
            f"{name}_stage": _linked("person_stages", 10_148) for name in ("bounced", "replied", "added", "finished")
        }
        return {
            "id": FIRST["cadences"] + place, "created_at": self.at(self.tool.cadence_made[place]),
            "updated_at": updated, "archived_at": None, "latest_active_date": None, "team_cadence": True,
            "shared": True, "remove_bounces_enabled": False, "remove_replies_enabled": False,
            "opt_out_link_included": True, "draft": False, "override_contact_restrictions": None,
            "cadence_framework_id": None, "cadence_function": "outbound", "name": CADENCES[place],
            "external_identifier": None, "tags": [], "creator": _linked("users", 6_970),
            "owner": _linked("users", 6_970), **stages, "cadence_priority": None, "groups": [],
            "counts": {
                "cadence_people": people, "people_acted_on_count": people, "target_daily_people": 0,
                "opportunities_created": 0, "meetings_booked": 0,
            },
        }  # fmt: skip
