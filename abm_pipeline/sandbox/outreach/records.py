"""Outreach's records as of an instant, in the words of its API: JSON:API resources with attributes and relationships.

Belongs here: what each resource says. Who was mailed and called is in `_sales`. Ids are whole numbers, by kind.
Mailings and calls touch their prospect and its account, which moves the `updatedAt` of both.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from abm_pipeline.sandbox._sales import DISPOSITIONS, Book, Calls, Mails, latest, make_book, make_calls, make_mails
from abm_pipeline.sandbox.world import World
from abm_pipeline.sandbox.world.scales import DAY, NEVER
from abm_pipeline.sandbox.world.tables import Array

CUSTOM = dict.fromkeys(f"custom{number}" for number in range(1, 151))
# Ids of prospects go on from here, those of everything else from 1.
PROSPECT = 310_001
MAILBOX = "sales@northwind-abm.example"
SEQUENCES = ("Executive intro", "Data leaders", "Webinar follow-up", "Security review", "Renewal check", "Trial nudge")
Row = dict[str, Any]


@dataclass(frozen=True)
class Outreach:
    """All that will ever be in the tool. `edited` is when a prospect's title was corrected, `trashed` when it went to
    the bin, from where it is purged ten days later (`book.people.gone`).
    """

    book: Book
    mails: Mails
    calls: Calls
    sequence_made: Array
    edited: Array
    trashed: Array
    account_of: Array


def make(world: World) -> Outreach:
    """The North American team's tool."""
    book = make_book(world, "outreach", world.people.offset < 0)
    people, rng = book.people, world.calendar.rng("outreach edits")
    size = len(people.company)
    made = world.calendar.start * DAY + 40_000 + rng.integers(0, 30 * DAY, len(SEQUENCES))
    edited = np.where(rng.random(size) < 0.1, people.created + rng.integers(10, 300, size) * DAY, NEVER)
    trashed = np.where(people.gone < NEVER, people.gone - 10 * DAY, NEVER)
    return Outreach(
        book,
        make_mails(world, "outreach", people, len(SEQUENCES)),
        make_calls(world, "outreach", people, len(SEQUENCES)),
        made,
        edited,
        trashed,
        np.searchsorted(book.company, people.company),
    )


@dataclass(frozen=True)
class Listing:
    """One kind of resource at an instant: positions of those there are, their `updatedAt`, and how each reads."""

    kind: str
    positions: Array
    updated: Array
    row: Callable[[int], Row]
    first_id: int = 1


def listings(world: World) -> dict[str, Listing]:
    """Every collection at the clock, by its path."""
    now, tool = world.instant, world.part("outreach", make)
    mails, calls, people, book = tool.mails, tool.calls, tool.book.people, tool.book
    mail_at = latest(
        now, mails.created, mails.delivered, mails.bounced, mails.failed, mails.opened, mails.reopened, mails.clicked,
        mails.replied, mails.unsubscribed,
    )  # fmt: skip
    call_at = latest(now, calls.ended)
    touched = np.zeros(len(people.company), np.int64)
    np.maximum.at(touched, mails.person, mail_at)
    np.maximum.at(touched, calls.person, call_at)
    person_at = latest(now, people.created, touched, tool.edited, tool.trashed)
    account_touched = np.zeros(len(book.company), np.int64)
    np.maximum.at(account_touched, tool.account_of, touched)
    account_at = latest(now, book.created, account_touched)
    used = np.zeros(len(SEQUENCES), np.int64)
    counted = np.zeros(len(SEQUENCES), np.int64)
    in_one = mails.sequence >= 0
    np.maximum.at(used, mails.sequence[in_one], latest(now, mails.created)[in_one])
    np.maximum.at(counted, mails.sequence[in_one], mail_at[in_one])
    view = _View(world, tool, now, touched, account_touched, used)

    def there(*masks: Array) -> Array:
        return np.flatnonzero(np.logical_and.reduce(masks))

    found = {
        "accounts": ("account", there(book.created <= now), account_at, view.account),
        "prospects": ("prospect", there(people.created <= now, now < people.gone), person_at, view.prospect),
        "mailings": ("mailing", there(mails.created <= now), mail_at, view.mailing),
        "calls": ("call", there(calls.ended <= now), call_at, view.call),
        "sequences": (
            "sequence", there(tool.sequence_made <= now), latest(now, tool.sequence_made, counted), view.sequence
        ),
        "callDispositions": (
            "callDisposition", np.arange(len(DISPOSITIONS)), np.full(len(DISPOSITIONS), view.installed),
            view.disposition,
        ),
    }  # fmt: skip
    return {
        path: Listing(kind, positions, updated[positions], row, PROSPECT if kind == "prospect" else 1)
        for path, (kind, positions, updated, row) in found.items()
    }


@dataclass(frozen=True)
class _View:
    """How records read at an instant."""

    world: World
    tool: Outreach
    now: int
    touched: Array
    account_touched: Array
    used: Array

    @property
    def installed(self) -> int:
        return self.world.calendar.start * DAY

    def at(self, instant: Any) -> str | None:
        """A stamp, null as long as it has not happened."""
        return stamp(int(instant)) if 0 < instant <= self.now else None

    def account(self, place: int) -> Row:
        book, c = self.tool.book, self.world.companies
        company = int(book.company[place])
        domain = None if company % 11 == 5 else c.domain[company]
        attributes: Row = {
            "buyerIntentScore": None, "companyType": None, "createdAt": self.at(book.created[place]), **CUSTOM,
            "customId": book.crm[place], "description": None, "domain": domain,
            "externalSource": None if book.crm[place] is None else "salesforce", "followers": None, "foundedAt": None,
            "industry": c.industry[company], "linkedInEmployees": None, "linkedInUrl": None,
            "locality": f"{c.city[company]}, {c.country[company]}", "name": c.legal_name[company],
            "named": bool(c.ever_target[company]), "naturalName": c.name[company],
            "numberOfEmployees": int(c.employees[company]), "sharingTeamId": None,
            "tags": ["target"] if c.ever_target[company] else [], "touchedAt": self.at(self.account_touched[place]),
            "trashedAt": None, "websiteUrl": f"https://www.{c.domain[company]}/" if company % 3 else None,
        }  # fmt: skip
        owner = int(self.world.people.owner[company]) + 1
        return _resource("account", place, attributes, {"owner": ("user", owner), "creator": ("user", 1)})

    def prospect(self, place: int) -> Row:
        people, tool, mails = self.tool.book.people, self.tool, self.tool.mails
        company, title = int(people.company[place]), people.title[place]
        of = np.flatnonzero(mails.person == place)
        opens = int(self._opens(of).sum())
        name = f"{people.first[place]} {people.last[place]}"
        phones = [] if people.phone[place] is None else [people.phone[place]]
        if title is not None and tool.edited[place] <= self.now:
            title = f"Senior {title}"
        known = people.crm[place] is not None
        # Some have no address, but then a record in the CRM.
        unknown = known and place % 23 == 7
        attributes: Row = {
            "accountName": self.world.companies.name[company], "addedAt": None, "addressCity": None,
            "addressCountry": self.world.companies.country[company], "addressState": None, "addressStreet": None,
            "addressStreet2": None, "addressZip": None, "availableAt": None, "callOptedOut": False,
            "callsOptStatus": None, "callsOptedAt": None, "campaignName": None,
            "clickCount": int((mails.clicked[of] <= self.now).sum()), "company": self.world.companies.name[company],
            "createdAt": self.at(people.created[place]), **CUSTOM,
            "emailOptedOut": bool((mails.unsubscribed[of] <= self.now).any()),
            "emails": [] if unknown else [people.email[place]], "emailsOptStatus": None, "emailsOptedAt": None,
            "engagedAt": None, "engagedScore": 0.0, "externalId": people.crm[place], "externalOwner": None,
            "externalSource": "salesforce" if known else "outreach-api", "firstName": people.first[place],
            "homePhones": [], "lastName": people.last[place], "linkedInUrl": None, "middleName": None,
            "mobilePhones": [], "name": name, "nickname": None, "occupation": None, "openCount": opens,
            "optedOut": False, "optedOutAt": None, "otherPhones": [], "personaName": None,
            "region": None, "replyCount": int((mails.replied[of] <= self.now).sum()), "score": None,
            "sharingTeamId": None, "source": None, "stageName": "Replied" if opens > 3 else "Cold", "tags": [],
            "timeZone": None, "title": title, "touchedAt": self.at(self.touched[place]),
            "trashedAt": self.at(tool.trashed[place]), "voipPhones": [], "websiteUrl1": None, "workPhones": phones,
        }  # fmt: skip
        owner = int(self.world.people.owner[company]) + 1
        linked = {
            "account": ("account", int(tool.account_of[place]) + 1), "owner": ("user", owner), "creator": ("user", 1),
            "stage": ("stage", 1),
        }  # fmt: skip
        return _resource("prospect", place + PROSPECT - 1, attributes, linked)

    def _opens(self, of: Any) -> Array:
        """How often each mail has been opened."""
        mails = self.tool.mails
        once = (mails.opened[of] <= self.now).astype(np.int64)
        counts: Array = np.where(mails.reopened[of] <= self.now, mails.opens[of], once)
        return counts

    def mailing(self, place: int) -> Row:
        mails = self.tool.mails
        state = ("scheduled", None)
        for name, happened in (
            ("delivered", mails.delivered), ("failed", mails.failed), ("opened", mails.opened),
            ("replied", mails.replied), ("bounced", mails.bounced),
        ):  # fmt: skip
            if happened[place] <= self.now:
                state = (name, happened[place])
        sequence = int(mails.sequence[place])
        clicked = bool(mails.clicked[place] <= self.now)
        attributes: Row = {
            "attributableSequenceId": sequence + 1 if sequence >= 0 else None,
            "attributableSequenceName": SEQUENCES[sequence] if sequence >= 0 else None,
            "bodyHtml": "<div>Hello …</div>", "bodyText": "Hello …", "bouncedAt": self.at(mails.bounced[place]),
            "clickCount": int(clicked), "clickedAt": self.at(mails.clicked[place]),
            "createdAt": self.at(mails.created[place]), "deliveredAt": self.at(mails.delivered[place]),
            "desiredAt": None, "errorBacktrace": None,
            "errorReason": "Send failure." if state[0] == "failed" else None, "followUpSequenceId": None,
            "followUpSequenceName": None, "followUpSequenceStartingDate": None, "followUpTaskScheduledAt": None,
            "followUpTaskType": None, "mailboxAddress": MAILBOX,
            "mailingType": "sequence" if sequence >= 0 else "single", "markedAsSpamAt": None,
            "meetingDescription": None, "meetingDuration": None, "meetingLocation": None,
            "meetingTitle": None, "messageId": f"<{place + 1}@northwind-abm.example>", "notifyThreadCondition": None,
            "notifyThreadScheduledAt": None, "notifyThreadStatus": None, "openCount": int(self._opens(place)),
            "openedAt": self.at(mails.reopened[place]) or self.at(mails.opened[place]), "optimizedScheduledAt": None,
            "overrideSafetySettings": False, "references": [], "repliedAt": self.at(mails.replied[place]),
            "replySentiment": None, "retryAt": None, "retryCount": 0, "retryInterval": None, "scheduleId": None,
            "scheduledAt": self.at(mails.created[place]), "state": state[0],
            "stateChangedAt": self.at(state[1] if state[1] is not None else mails.created[place]),
            "subject": "A question", "trackLinks": True, "trackOpens": True,
            "unsubscribedAt": self.at(mails.unsubscribed[place]),
        }  # fmt: skip
        linked = {
            "prospect": ("prospect", int(mails.person[place]) + PROSPECT),
            "mailbox": ("mailbox", 1),
            "user": ("user", 1),
        }
        if sequence >= 0:
            linked |= {"sequence": ("sequence", sequence + 1)}
        return _resource("mailing", place, attributes, linked)

    def call(self, place: int) -> Row:
        calls = self.tool.calls
        # Calls that were logged by hand have neither an answering time nor an outcome, only a disposition.
        by_hand, took = place % 7 == 3, bool(calls.answered[place] < NEVER)
        ended = self.at(calls.ended[place])
        attributes: Row = {
            "answeredAt": None if by_hand else self.at(calls.answered[place]), "completedAt": ended,
            "createdAt": ended, "dialedAt": None if by_hand else self.at(calls.dialed[place]),
            "direction": "inbound" if calls.is_inbound[place] else "outbound", "externalVendor": None,
            "from": "+13475550123", "note": None,
            "outcome": None if by_hand else "Answered" if took else "Not Answered", "recordingDeletionReason": None,
            "recordingUrl": None, "returnedAt": None, "sequenceAction": None, "shouldRecordCall": None,
            "state": "completed", "stateChangedAt": ended, "tags": [], "to": None,
            "uid": f"{place + 1:08x}-0000-4000-8000-000000000000", "userCallType": None if by_hand else "voip",
            "vendorCallId": None, "voicemailRecordingUrl": None,
        }  # fmt: skip
        linked = {
            "callDisposition": ("callDisposition", int(calls.kind[place]) + 1),
            "prospect": ("prospect", int(calls.person[place]) + PROSPECT), "user": ("user", 1),
        }  # fmt: skip
        if calls.sequence[place] >= 0:
            linked |= {"sequence": ("sequence", int(calls.sequence[place]) + 1)}
        return _resource("call", place, attributes, linked)

    def sequence(self, place: int) -> Row:
        mails = self.tool.mails
        of = mails.sequence == place
        counts = {
            name: int((of & (happened <= self.now)).sum())
            for name, happened in (
                ("bounceCount", mails.bounced), ("clickCount", mails.clicked), ("deliverCount", mails.delivered),
                ("failureCount", mails.failed), ("openCount", mails.opened), ("optOutCount", mails.unsubscribed),
                ("replyCount", mails.replied),
            )
        }  # fmt: skip
        made = self.at(self.tool.sequence_made[place])
        attributes: Row = {
            "automationPercentage": 0.5, **counts, "createdAt": made, "description": None, "durationInDays": 14,
            "enabled": True, "enabledAt": made, "engagementScore": None, "finishOnReply": True,
            "lastUsedAt": self.at(self.used[place]), "locked": False, "lockedAt": None, "maxActivations": 150,
            "name": SEQUENCES[place], "negativeReplyCount": 0, "neutralReplyCount": 0,
            "numContactedProspects": len(np.unique(mails.person[of & (mails.delivered <= self.now)])),
            "numRepliedProspects": len(np.unique(mails.person[of & (mails.replied <= self.now)])),
            "positiveReplyCount": 0, "primaryReplyAction": "finish", "primaryReplyPauseDuration": 172_800,
            "salesMotion": None, "scheduleCount": 0, "scheduleIntervalType": "calendar",
            "secondaryReplyAction": "finish", "secondaryReplyPauseDuration": 172_800, "sequenceStepCount": 4,
            "sequenceType": "interval", "shareType": "read_only", "tags": [], "throttleCapacity": None,
            "throttleMaxAddsPerDay": 50, "throttlePaused": False, "throttlePausedAt": None, "transactional": False,
        }  # fmt: skip
        return _resource("sequence", place, attributes, {"owner": ("user", 1), "creator": ("user", 1)})

    def disposition(self, place: int) -> Row:
        name, took = DISPOSITIONS[place]
        attributes: Row = {
            "createdAt": self.at(self.installed), "defaultForOutboundVoicemail": False, "name": name,
            "order": place + 1, "outcome": "completed" if took else "no_answer",
        }  # fmt: skip
        return _resource("callDisposition", place, attributes, {})


def stamp(instant: int) -> str:
    """Milliseconds, UTC, as Outreach writes times."""
    return dt.datetime.fromtimestamp(instant, dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _resource(kind: str, place: int, attributes: Row, linked: Mapping[str, tuple[str, int]]) -> Row:
    return {
        "type": kind,
        "id": place + 1,
        "attributes": attributes,
        "relationships": {name: {"data": {"type": to, "id": ident}} for name, (to, ident) in linked.items()},
        "links": {"self": f"https://api.outreach.io/api/v2/{kind}s/{place + 1}"},
    }
