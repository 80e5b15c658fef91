"""HubSpot's marketing e-mails with what became of each message, and forms with what people sent in.

Belongs here: e-mail campaigns, events, forms, submissions; append-only, so they are plain rows with an instant.
Opens and clicks by machines carry `filteredEvent`. Campaigns and forms are HubSpot's own: Salesforce has others.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from abm_pipeline.sandbox.hubspot.activities import pick
from abm_pipeline.sandbox.hubspot.contacts import People, usable
from abm_pipeline.sandbox.world.scales import DAY, to_date
from abm_pipeline.sandbox.world.tables import Array

if TYPE_CHECKING:
    from abm_pipeline.sandbox.world import World

PORTAL, APP = 8_727_216, 20_053
EVERY = {"tiny": 2, "demo": 8, "large": 8}
MAILED = {"tiny": 6, "demo": 45, "large": 225}
FORM_RATE = {"tiny": 0.8, "demo": 1.2, "large": 6.0}
FORMS = ("Contact us", "Request a demo", "Newsletter sign-up", "Pricing guide")
SPACE = uuid.UUID("6f18f21e-0000-4000-8000-000000000000")


@dataclass(frozen=True)
class Marketing:
    """Campaigns, events (in order of `at`, milliseconds) and submissions; `who` are positions of contacts.

    `touch` is what an event or submission amounts to, or None.
    """

    campaigns: list[dict[str, Any]]
    sent_at: list[int]
    events: list[dict[str, Any]]
    event_at: Array
    event_who: Array
    event_touch: list[str | None]
    forms: list[dict[str, Any]]
    submissions: list[dict[str, Any]]
    submitted_at: Array
    submission_form: Array
    submission_who: Array


def make_marketing(world: World, people: People) -> Marketing:
    """All of it, over the whole timeline."""
    campaigns, sent_at, told = _events(world, people)
    told.sort(key=lambda item: (item[0], item[1]["id"]))
    forms = [
        {
            "id": str(uuid.uuid5(SPACE, name)), "name": name, "formType": "hubspot", "archived": False,
            "createdAt": "2024-02-01T09:00:00Z", "updatedAt": "2024-03-11T10:20:30.400Z",
            "fieldGroups": [{"groupType": "default_group", "richTextType": "text", "fields": []}],
        }
        for name in FORMS
    ]  # fmt: skip
    submissions, submitted_at, which, who = _submissions(world, people)
    return Marketing(
        campaigns, sent_at, [event for _, event, _, _ in told], np.array([at for at, *_ in told], np.int64),
        np.array([who for _, _, who, _ in told], np.int64), [touch for *_, touch in told], forms, submissions,
        submitted_at, which, who,
    )  # fmt: skip


Told = tuple[int, dict[str, Any], int, str | None]


def _events(world: World, people: People) -> tuple[list[dict[str, Any]], list[int], list[Told]]:
    """One sending every few days to a draw of contacts, and the events that each message makes."""
    cal = world.calendar
    rng = cal.rng("hubspot email")
    fit = usable(people)
    campaigns: list[dict[str, Any]] = []
    sent_at: list[int] = []
    told: list[Told] = []
    for number, day in enumerate(range(cal.start + 1, cal.horizon, EVERY[cal.scale.name])):
        at = (day * DAY + 9 * 3600) * 1000
        name = f"Customer letter {to_date(day):%Y-%m-%d}"
        key = 287_389 + 211 * number
        known = fit[people.created[fit] < day * DAY]
        odds = people.effort[known]
        size = min(MAILED[cal.scale.name], int(np.count_nonzero(odds)))
        chosen = np.sort(rng.choice(known, size, replace=False, p=odds / odds.sum()))
        campaigns.append(
            {
                "appId": APP, "appName": "BatchTest", "contentId": 3_500_000_000 + number, "id": key, "name": name,
                "subject": name, "type": "BATCH_EMAIL", "subType": "BATCH_EMAIL", "numIncluded": len(chosen),
                "numQueued": len(chosen), "counters": {"sent": len(chosen)},
            }
        )  # fmt: skip
        sent_at.append(at // 1000)
        for who, u in zip(chosen.tolist(), rng.random((len(chosen), 9)), strict=True):
            told += _message(key, at, who, str(people.email[who]), name, u)
    return campaigns, sent_at, told


def _message(campaign: int, at: int, who: int, recipient: str, subject: str, u: Array) -> list[Told]:
    """The events of one message: sent, delivered or bounced, opened (by people or machines), clicked …"""
    out: list[Told] = []

    def add(kind: str, when: float, touch: str | None, **more: Any) -> None:
        made = int(when)
        event = {
            "appId": APP, "appName": "BatchTest", "created": made, "emailCampaignId": campaign,
            "hmid": f"hm{campaign}{who}", "id": str(uuid.uuid5(SPACE, f"{campaign} {who} {kind} {len(out)}")),
            "portalId": PORTAL, "recipient": recipient, "sendId": str(uuid.uuid5(SPACE, f"{campaign} {who}")),
            "sentBy": {"id": str(uuid.uuid5(SPACE, f"{campaign} {who} SENT 0")), "created": at},
            "type": kind, **more,
        }  # fmt: skip
        out.append((made, event, who, touch))

    def seen(machine: bool) -> dict[str, Any]:
        return {
            "browser": {"family": "Gmail image proxy" if machine else "Chrome", "name": "x", "producer": "y",
                        "producerUrl": "", "type": "Browser", "url": "", "version": []},
            "location": {"city": "BOSTON", "country": "us", "state": "ma"}, "userAgent": "Mozilla/5.0",
            "filteredEvent": machine, "deviceType": "COMPUTER",
        }  # fmt: skip

    add("SENT", at, None, subject=subject, **{"from": "news@northwind-abm.example"})
    add("PROCESSED", at + 900, None)
    if u[0] < 0.04:
        add("BOUNCE", at + 60_000, "email_bounce", category="UNKNOWN_USER", status="5.1.1", response="550 5.1.1")
        return out
    add("DELIVERED", at + 30_000 + u[1] * 600_000, "email_sent", response="250 2.0.0 OK")
    if u[2] < 0.25:
        add("OPEN", at + 61_000 + u[1] * 600_000, None, duration=0, **seen(machine=True))
    if u[3] < 0.38:
        opened = at + 1_800_000 + u[4] * 2.2 * DAY * 1000
        add("OPEN", opened, "email_open", duration=int(u[1] * 20_000), **seen(machine=False))
        if u[5] < 0.25:
            click = {"url": "https://www.northwind-abm.example/guide", "linkId": 0}
            add("CLICK", opened + 20_000, "email_click", referer="", **click, **seen(machine=False))
        if u[6] < 0.03:
            add("FORWARD", opened + 90_000, "email_forward", **seen(machine=False))
        if u[7] < 0.04:
            add("STATUSCHANGE", opened + 40_000, "email_unsubscribe", source="SOURCE_RECIPIENT", requestedBy=recipient,
                portalSubscriptionStatus="UNSUBSCRIBED", subscriptions=[])  # fmt: skip
    if u[8] < 0.004:
        add("SPAMREPORT", at + 5_000_000, "email_spam_report")
    return out


def _submissions(world: World, people: People) -> tuple[list[dict[str, Any]], Array, Array, Array]:
    """What people sent in; addresses as they typed them."""
    cal = world.calendar
    rng = cal.rng("hubspot forms")
    who, instant = pick(world, rng, people, FORM_RATE[cal.scale.name])
    which = (rng.random(len(who)) * len(FORMS)).astype(int)
    rows = []
    for place, at, form, u in zip(who, instant, which, rng.random(len(who)), strict=True):
        email = str(people.email[place])
        values = [
            {"name": "email", "value": email.upper() if u < 0.1 else email, "objectTypeId": "0-1"},
            {"name": "firstname", "value": "Jo", "objectTypeId": "0-1"},
        ]
        # A field with several boxes ticked comes once for each.
        if u > 0.7:
            values += [{"name": "interest", "value": each, "objectTypeId": "0-1"} for each in ("Price", "Support")]
        rows.append(
            {
                "conversionId": str(uuid.uuid5(SPACE, f"{form} {place} {at}")),
                "submittedAt": int(at) * 1000 + int(form),
                "values": values, "pageUrl": f"https://www.northwind-abm.example/{form}",
            }
        )  # fmt: skip
    return rows, instant * 1000 + which, which, who
