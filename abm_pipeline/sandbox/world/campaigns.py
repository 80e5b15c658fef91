"""The marketing programme: which campaigns run when, through which channel, how personal they are.

Belongs here: campaigns as truth, for both the CRM and the ad platform, which name them alike.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from abm_pipeline.sandbox.world.scales import DAY, Calendar, to_date
from abm_pipeline.sandbox.world.tables import Array, objects

LEVELS = ("Generic", "Industry", "Account")
_CONTENT = (
    ("whitepaper", "top"),
    ("ebook", "top"),
    ("case_study", "mid"),
    ("benchmark_report", "top"),
    ("buyers_guide", "mid"),
    ("pricing_guide", "bottom"),
    ("roi_calculator", "bottom"),
    ("solution_brief", "mid"),
)
_FORMS = (("contact_form", "bottom"), ("demo_request", "bottom"), ("newsletter", "top"))
_THEMES = ("Data Trust", "Cost Control", "Faster Close", "Safe Cloud", "One View", "Supply Insight", "Growth Loop")


@dataclass(frozen=True)
class Campaigns:
    """One entry per campaign; days are day numbers, money in USD; `level` is a position in LEVELS."""

    name: Array
    type: Array
    channel: Array
    level: Array
    is_abm: Array
    content_type: Array
    funnel_stage: Array
    start: Array
    end: Array
    budget: Array
    created: Array

    def of_type(self, kind: str) -> Array:
        """Positions of the campaigns of one Salesforce type."""
        return np.flatnonzero(self.type == kind)


def make_campaigns(cal: Calendar) -> Campaigns:
    """All campaigns, ordered by their start."""
    rng = cal.rng("campaigns")
    rows: list[tuple[str, str, str, int, bool, str | None, str, int, int, float]] = []

    def add(name: str, kind: str, channel: str, content: str | None, stage: str, first: int, last: int) -> None:
        level = int(rng.choice(3, p=(0.4, 0.35, 0.25)))
        budget = round(float(np.exp(rng.normal(9.2, 0.5)))) * (1.0 + level)
        rows.append((name, kind, channel, level, level > 0, content, stage, first, last, budget))

    def theme() -> str:
        return _THEMES[int(rng.integers(len(_THEMES)))]

    first = cal.start - 42
    for day in range(first, cal.horizon, 21):
        name = f"Webinar {to_date(day):%Y-%m-%d} {theme()}"
        add(name, "Webinar", "webinar", "webinar", ("top", "mid")[int(rng.integers(2))], day - 21, day)
    for day in range(first + 10, cal.horizon, 45):
        add(f"Conference {to_date(day):%Y-%m-%d}", "Event", "event", "conference", "mid", day - 40, day + 1)
    for day in range(first, cal.horizon, 91):
        for content, stage in _CONTENT:
            name = f"{content.replace('_', ' ').title()} – {theme()} {to_date(day):%Y-%m}"
            add(name, "Content", "content", content, stage, day, day + 90)
        for form, stage in _FORMS:
            add(f"{form.replace('_', ' ').title()} {to_date(day):%Y-%m}", "Web Form", "web", form, stage, day, day + 90)
    for day in range(first, cal.horizon, 30):
        add(f"Nurture {to_date(day):%Y-%m} {theme()}", "Email", "email", None, "top", day, day + 29)
    for day in range(cal.start - 30, cal.horizon, 121):
        for level in range(3):
            name = f"LI {LEVELS[level]} {theme()} {to_date(day):%Y-%m}"
            budget = (9000.0, 16000.0, 24000.0)[level] * cal.scale.targets / 400
            rows.append((name, "Advertising", "linkedin_ads", level, level > 0, None, "top", day, day + 120, budget))
    rows.sort(key=lambda row: (row[7], row[0]))
    columns = list(zip(*rows, strict=True))
    start = np.array(columns[7], np.int64)
    return Campaigns(
        objects(columns[0]),
        objects(columns[1]),
        objects(columns[2]),
        np.array(columns[3]),
        np.array(columns[4], bool),
        objects(columns[5]),
        objects(columns[6]),
        start,
        np.array(columns[8], np.int64),
        np.array(columns[9]),
        (start - 20) * DAY + 32_400,
    )
