"""What Marketo's leads did and were sent, its programs and smart campaigns.

Programs are Marketo's own: newsletters, nurture streams, roadshows and content offers that no CRM campaign stands for.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np

from abm_pipeline.sandbox.marketo.people import MarketoLeads
from abm_pipeline.sandbox.world import World
from abm_pipeline.sandbox.world.scales import DAY, NEVER, to_date
from abm_pipeline.sandbox.world.tables import Array, objects

VISIT, FORM, SEND, DELIVERED, HARD, UNSUBSCRIBE, OPEN, CLICK, SOFT = 1, 2, 6, 7, 8, 9, 10, 11, 27
NEW_LEAD, CHANGE, MERGE, DELETE, STATUS = 12, 13, 32, 37, 104
NAMES = {
    VISIT: "Visit Webpage", FORM: "Fill Out Form", SEND: "Send Email", DELIVERED: "Email Delivered",
    HARD: "Email Bounced", UNSUBSCRIBE: "Unsubscribe Email", OPEN: "Open Email", CLICK: "Click Email",
    SOFT: "Email Bounced Soft", NEW_LEAD: "New Lead", CHANGE: "Change Data Value", MERGE: "Merge Leads",
    DELETE: "Delete Lead", STATUS: "Change Status in Progression",
}  # fmt: skip
PAGES = ("pricing", "product", "customers", "blog/data-trust", "docs", "security", "events", "careers")
FORMS = ((501, "Event calendar"), (502, "Talk to an expert"), (503, "Preference centre"))
AGENT = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/126.0 Safari/537.36"


@dataclass(frozen=True)
class Program:
    """A program from `start` to `end` (days); it is edited, and so its stamp moves, every `beat` days meanwhile."""

    ident: int
    name: str
    kind: str
    channel: str
    start: int
    end: int
    beat: int

    def stamps(self, day: int) -> tuple[int, int] | None:
        """Created and last updated (seconds) as of the end of a day; None before it is made."""
        made = self.start - 20
        if day < made:
            return None
        beats = (min(day, self.end) - made) // self.beat
        return made * DAY + 32_400, (made + beats * self.beat) * DAY + 32_400 + 60 * beats


@dataclass(frozen=True)
class Activities:
    """All activities by time. `seen` is the instant from which the API shows it; some arrive hours late.

    `campaign` is a smart campaign's id or 0; `attributes` JSON text of an object without empty values.
    """

    kind: Array
    lead: Array
    at: Array
    seen: Array
    campaign: Array
    value_id: Array
    value: Array
    attributes: Array
    guid: Array

    def __len__(self) -> int:
        return len(self.kind)


def make_programs(world: World) -> list[Program]:
    """Every program of the timeline, by start."""
    cal = world.calendar
    found: list[tuple[int, int, str, str, str, int]] = []
    for day in range(cal.start - 5, cal.horizon, 30):
        month = f"{to_date(day):%Y-%m}"
        found.append((day, day + 29, f"Newsletter {month}", "Email", "Email Send", 6))
        found.append((day + 10, day + 39, f"Nurture stream {month}", "Engagement", "Nurture", 5))
        found.append((day + 4, day + 60, f"Field notes {month}", "Default", "Content", 9))
    for day in range(cal.start + 8, cal.horizon, 22):
        found.append((day, day, f"Roadshow {to_date(day):%Y-%m-%d}", "Event", "Roadshow", 4))
    return [
        Program(1001 + n, name, kind, channel, start, end, beat)
        for n, (start, end, name, kind, channel, beat) in enumerate(sorted(found))
    ]


class _Log:
    """Activities on their way in."""

    def __init__(self) -> None:
        self.rows: list[tuple[int, int, int, int, int, str, dict[str, Any]]] = []

    def add(self, kind: int, lead: int, at: int, campaign: int, value_id: int, value: str, **more: Any) -> None:
        named = {name.replace("_", " "): text for name, text in more.items() if text not in (None, "")}
        self.rows.append((kind, lead, int(at), campaign, value_id, value, named))


def make_activities(world: World, leads: MarketoLeads, programs: list[Program]) -> Activities:
    """Everything that is logged, except value changes and deletions, which have endpoints of their own."""
    rng = world.calendar.rng("marketo activities")
    log = _Log()
    real = np.flatnonzero((leads.guest >= 0) & (leads.into < 0))
    for program in programs:
        here = real[leads.created[real] < (program.start - 21) * DAY]
        if program.channel in ("Email Send", "Nurture"):
            _mails(rng, log, program, here)
        elif program.channel == "Roadshow":
            _roadshow(rng, log, program, here)
        else:
            _offer(rng, log, program, here)
    _web(world, rng, log, leads)
    for lead in np.flatnonzero(leads.into >= 0):
        winner = int(leads.into[lead])
        log.add(
            MERGE, winner, int(leads.gone[lead]), 0, int(leads.ids[winner]), _name(leads, winner),
            Merge_IDs=f"[{leads.ids[lead]}]", Merge_Source="Marketo", Merged_in_Sales=False,
        )  # fmt: skip
    order = sorted(range(len(log.rows)), key=lambda n: (log.rows[n][2], log.rows[n][0], log.rows[n][1], n))
    kind, lead, at, campaign, value_id, value, attributes = zip(*(log.rows[n] for n in order), strict=True)
    when = np.array(at, np.int64)
    # What devices and mail servers report may come in hours after it happened.
    delay = np.where(rng.random(len(when)) < 0.04, rng.integers(1800, 20 * 3600, len(when)), 0)
    return Activities(
        np.array(kind), np.array(lead), when, when + delay, np.array(campaign), np.array(value_id), objects(value),
        objects(json.dumps(a) for a in attributes), 700_000 + 3 * np.arange(len(when)),
    )  # fmt: skip


def _name(leads: MarketoLeads, lead: int) -> str:
    first = leads.states[lead][0][1]
    return f"{first['firstName']} {first['lastName']}"


def _mails(rng: np.random.Generator, log: _Log, program: Program, here: Array) -> None:
    """Sends on the days of the program, what became of them, and security scanners that open and click too."""
    chosen = here[rng.random(len(here)) < 0.22]
    sent = rng.integers(program.start, program.end + 1, len(chosen)) * DAY + rng.integers(
        7 * 3600, 18 * 3600, len(chosen)
    )
    luck = rng.random((6, len(chosen)))
    mail: tuple[int, str] = (program.ident * 10, program.name)
    run: dict[str, Any] = {"Campaign_Run_ID": str(program.ident), "Step_ID": "1"}
    smart = program.ident + 1000
    for lead, at, draw in zip(chosen.tolist(), sent.tolist(), luck.T.tolist(), strict=True):
        log.add(SEND, lead, at, smart, mail[0], mail[1], **run)
        if draw[0] < 0.03:
            kind, why = (HARD, "550 5.1.1 unknown user") if draw[0] < 0.015 else (SOFT, "452 mailbox full")
            log.add(
                kind, lead, at + 40, smart, mail[0], mail[1], Details=why, Category="2" if kind == HARD else "4", **run
            )
            continue
        log.add(DELIVERED, lead, at + 60, smart, mail[0], mail[1], **run)
        if draw[1] < 0.06:
            scan: dict[str, Any] = {"Is_Bot_Activity": "true", "Bot_Activity_Pattern": "Bot activity from IAB list"}
            log.add(OPEN, lead, at + 63, smart, mail[0], mail[1], User_Agent="scanner", **run, **scan)
            log.add(
                CLICK,
                lead,
                at + 64,
                smart,
                mail[0],
                mail[1],
                Link="https://www.northwind-abm.example/go",
                **run,
                **scan,
            )
        if draw[2] < 0.28:
            seen = at + 60 + int(draw[3] ** 2 * 2 * DAY) + 300
            log.add(
                OPEN,
                lead,
                seen,
                smart,
                mail[0],
                mail[1],
                Platform="Windows",
                Is_Mobile_Device="false",
                User_Agent=AGENT,
                **run,
            )
            if draw[4] < 0.2:
                log.add(
                    CLICK,
                    lead,
                    seen + 45,
                    smart,
                    mail[0],
                    mail[1],
                    Link="https://www.northwind-abm.example/offer",
                    **run,
                )
            elif draw[4] > 0.985:
                log.add(UNSUBSCRIBE, lead, seen + 90, smart, mail[0], mail[1], Client_IP_Address="203.0.113.9", **run)


def _status(log: _Log, program: Program, lead: int, at: int, old: str, new: str, is_success: bool) -> None:
    log.add(
        STATUS, lead, at, program.ident + 1000, program.ident, program.name, Old_Status=old, New_Status=new,
        Success="true" if is_success else "false", Program_Member_ID=str(program.ident * 100_000 + lead),
        Reason="Changed by Smart Campaign",
    )  # fmt: skip


def _roadshow(rng: np.random.Generator, log: _Log, program: Program, here: Array) -> None:
    for lead in here[rng.random(len(here)) < 0.12].tolist():
        at = (program.start - 18) * DAY + 36_000
        _status(log, program, lead, at, "Not in Program", "Invited", False)
        if rng.random() < 0.4:
            _status(log, program, lead, at + int(rng.integers(3600, 15 * DAY)), "Invited", "Registered", False)
            came = rng.random() < 0.6
            at = program.start * DAY + 9 * 3600 + int(rng.integers(0, 3600))
            _status(log, program, lead, at, "Registered", "Attended" if came else "No Show", came)


def _offer(rng: np.random.Generator, log: _Log, program: Program, here: Array) -> None:
    for lead in here[rng.random(len(here)) < 0.05].tolist():
        at = program.start * DAY + int(rng.random() * (program.end - program.start) * DAY)
        _status(log, program, lead, at, "Not in Program", "Downloaded", True)


def _web(world: World, rng: np.random.Generator, log: _Log, leads: MarketoLeads) -> None:
    """Visits and forms of known people; a duplicate has a visit too, so that its merge has something to carry over."""
    cal = world.calendar
    last = np.minimum(leads.gone, (cal.horizon + 1) * DAY)
    first = np.maximum(leads.created, cal.start * DAY)
    days = np.maximum(last - first, 0) / DAY
    for rate, kind in ((0.008, VISIT), (0.0016, FORM)):
        times = rng.poisson(np.where(leads.guest >= 0, rate, 0.0) * days)
        times = np.where((leads.into >= 0) & (kind == VISIT), 1, times)
        for lead in np.repeat(np.arange(len(times)), times).tolist():
            at = int(first[lead] + rng.random() * max(last[lead] - first[lead] - 60, 0))
            if leads.gone[lead] < NEVER and at >= leads.gone[lead]:
                continue
            page = PAGES[int(rng.integers(len(PAGES)))]
            if kind == VISIT:
                log.add(
                    VISIT, lead, at, 0, 70 + PAGES.index(page), f"www.northwind-abm.example/{page}",
                    Webpage_URL=f"/{page}", Client_IP_Address="198.51.100.7", User_Agent=AGENT,
                    Referrer_URL="https://www.google.com/" if rng.random() < 0.3 else None,
                )  # fmt: skip
            else:
                ident, name = FORMS[int(rng.integers(len(FORMS)))]
                log.add(
                    FORM, lead, at, 0, ident, name, Form_Fields='a:1:{s:5:"Email";s:1:"-";}', Webpage_ID="70",
                    Client_IP_Address="198.51.100.7",
                )  # fmt: skip
