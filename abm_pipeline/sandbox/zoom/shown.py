"""Zoom's records as they are served at the clock."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from typing import Any

from abm_pipeline.sandbox.world import World
from abm_pipeline.sandbox.world.scales import DAY
from abm_pipeline.sandbox.zoom.rows import REPORT_LAG, WEBINAR, Session, account

# How far back webinars stand in the list of scheduled ones.
LISTED_DAYS = 30


def text(seconds: int) -> str:
    """An instant as Zoom writes it."""
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Shown:
    """What the API tells of an account; depends on the world's clock."""

    def __init__(self, world: World) -> None:
        self.world, self.rows = world, account(world)
        self.by_host: dict[int, list[int]] = defaultdict(list)
        self.registrants_of: dict[int, list[int]] = defaultdict(list)
        self.joins_of: dict[int, list[int]] = defaultdict(list)
        self.absent_of: dict[int, list[int]] = defaultdict(list)
        rows = self.rows
        for place, session in enumerate(rows.sessions):
            self.by_host[session.host].append(place)
        for n, registrant in enumerate(rows.registrants):
            self.registrants_of[registrant.session].append(n)
        for n, join in enumerate(rows.joins):
            self.joins_of[join.session].append(n)
        for place, n in rows.absent:
            self.absent_of[place].append(n)
        self.by_uuid = {session.uuid: place for place, session in enumerate(rows.sessions)}
        self.by_id = {session.ident: place for place, session in enumerate(rows.sessions)}

    def is_over(self, session: Session) -> bool:
        """Whether it has been held and its report is there."""
        ended = session.start + session.minutes * 60 + REPORT_LAG
        return session.deleted > session.start and ended <= self.world.instant

    def users(self) -> list[dict[str, Any]]:
        """Users of the account."""
        people = self.world.people.users
        shown = []
        for n, name in enumerate(people.name):
            first, last = str(name).split(" ", 1)
            shown.append({
                "id": self.rows.user_ids[n], "first_name": first, "last_name": last, "display_name": name,
                "email": f"{first}.{last}@northwind-abm.example".lower(), "type": 2, "pmi": 5_000_000_000 + n,
                "timezone": "America/New_York", "verified": 1, "dept": "Sales", "created_at": text(people.created[n]),
                "last_login_time": text(self.world.day * DAY + 30_000), "pic_url": "", "language": "en-US",
                "status": "inactive" if n % 9 == 8 else "active", "role_id": "2",
            })  # fmt: skip
        return shown

    def webinars(self, host: int) -> list[dict[str, Any]]:
        """Webinars in a host's list: to come, and those of the last month."""
        now, shown = self.world.instant, []
        for place in self.by_host[host]:
            one = self.rows.sessions[place]
            if one.kind != WEBINAR or not one.made <= now < one.deleted or one.start < now - LISTED_DAYS * DAY:
                continue
            shown.append({
                "uuid": one.uuid, "id": one.ident, "host_id": self.rows.user_ids[host], "topic": one.topic, "type": 5,
                "start_time": text(one.start), "duration": one.minutes, "timezone": "UTC", "agenda": "",
                "created_at": text(one.made), "join_url": f"https://zoom.example/j/{one.ident}", "is_simulive": False,
            })  # fmt: skip
        return shown

    def report(self, host: int, first: int, last: int) -> list[dict[str, Any]]:
        """Sessions of a host held on the days `first` to `last`."""
        shown = []
        for place in self.by_host[host]:
            one = self.rows.sessions[place]
            if not first <= one.start // DAY <= last or not self.is_over(one):
                continue
            user = self.users()[host]
            stays = [self.rows.joins[n] for n in self.joins_of[place]]
            shown.append({
                "uuid": one.uuid, "id": one.ident, "type": one.kind, "topic": one.topic,
                "user_name": user["display_name"], "user_email": user["email"], "start_time": text(one.start),
                "end_time": text(one.start + one.minutes * 60), "duration": one.minutes,
                "total_minutes": sum(stay.left - stay.at for stay in stays) // 60, "participants_count": len(stays),
                "source": "Zoom", "has_recording": False, "has_chat": False, "has_screen_share": True,
            })  # fmt: skip
        return shown

    def registrants(self, place: int, status: str) -> list[dict[str, Any]]:
        """Registrants of a webinar with a status."""
        now, shown = self.world.instant, []
        for n in self.registrants_of[place]:
            one = self.rows.registrants[n]
            stands = "denied" if one.denied <= now else "pending" if one.is_pending else "approved"
            if one.at <= now and stands == status:
                shown.append(self._registrant(n, stands))
        return shown

    def absentees(self, place: int) -> list[dict[str, Any]]:
        """Approved registrants of a webinar that has been held who did not come."""
        return [self._registrant(n, "approved") for n in self.absent_of[place]]

    def participants(self, place: int) -> list[dict[str, Any]]:
        """Stays in a session that has been held."""
        rows, shown, users = self.rows, [], self.users()
        for n in self.joins_of[place]:
            stay = rows.joins[n]
            is_ours = stay.guest < 0
            name = (
                users[stay.user]["display_name"]
                if is_ours
                else f"{rows.guests.first[stay.guest]} {rows.guests.last[stay.guest]}"
            )
            mail = users[stay.user]["email"] if is_ours else str(rows.guests.email[stay.guest])
            shown.append({
                "id": rows.user_ids[stay.user] if is_ours else "", "user_id": str(stay.number), "name": name,
                "user_email": "" if stay.is_hidden else mail, "join_time": text(stay.at),
                "leave_time": text(stay.left), "duration": stay.left - stay.at, "registrant_id": stay.registrant,
                "failover": False, "status": "in_meeting", "customer_key": "", "bo_mtg_id": "",
                "participant_user_id": rows.user_ids[stay.user] if is_ours else "",
            })  # fmt: skip
        return shown

    def _registrant(self, n: int, status: str) -> dict[str, Any]:
        one, guests = self.rows.registrants[n], self.rows.guests
        company = int(guests.company[one.guest])
        title = guests.title[one.guest]
        return {
            "id": one.ident, "email": str(guests.email[one.guest]), "first_name": guests.first[one.guest],
            "last_name": guests.last[one.guest] if n % 11 else "", "address": "", "city": "", "country": "",
            "zip": "", "state": "", "phone": "", "industry": "", "org": self.world.companies.name[company],
            "job_title": title or "", "purchasing_time_frame": "", "role_in_purchase_process": "",
            "no_of_employees": "", "comments": "", "custom_questions": [], "status": status,
            "create_time": text(one.at), "join_url": f"https://zoom.example/w/{n}",
        }  # fmt: skip


def shown(world: World) -> Shown:
    """The world's account, made once."""
    return world.part("zoom shown", Shown)
