"""The score once more, as slowly and plainly as possible: a loop over accounts, touches and days, in floats.

Belongs here: an answer that shares nothing with the SQL but metrics.md. It is what the SQL is compared with.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import pandas as pd

from abm_pipeline.scoring.model import ScoringModel

Rows = list[dict[str, Any]]


def naive_day(
    model: ScoringModel, touches: Rows, intents: Rows, day: date, window: int, same: Mapping[str, str]
) -> dict[str, dict[str, Any]]:
    """By account: score, parts, contacts_engaged, touches, first and last day, of the window up to `day`.

    `same`: contact_key → that of the record that stands for it.
    """
    out = {}
    accounts = {row["company_key"] for row in touches} | {row["company_key"] for row in intents}
    for account in sorted(accounts):
        inside = [
            row
            for row in touches
            if row["company_key"] == account
            and day - timedelta(days=window - 1) <= row["day"] <= day
            and not row["is_exposure"]
            and model.points.get(row["touch_type"], 0) > 0
        ]
        parts = _parts(model, inside, day, same)
        contacts = {same.get(row["contact_key"], row["contact_key"]) for row in inside} - {None}
        factor = max((model.breadth[n] for n in model.breadth if n <= len(contacts)), default=1.0)
        if factor > 1:
            parts["breadth"] = sum(parts.values()) * (factor - 1)
        topics: dict[str, float] = {}
        for row in intents:
            if row["company_key"] == account and row["day"] == day and row["is_surging"]:
                topics[row["topic"]] = max(row["score"], topics.get(row["topic"], 0))
        surging = sum(model.intent.points_per_topic * score / model.intent.full_score for score in topics.values())
        if surging:
            parts["intent"] = min(surging, model.intent.cap)
        days = [row["day"] for row in inside]
        out["A-" + account.removeprefix("crm:")] = {
            "score": sum(parts.values()),
            "parts": parts,
            "contacts_engaged": len(contacts),
            "touches": len(inside),
            "first_touch_day": min(days, default=None),
            "last_touch_day": max(days, default=None),
        }
    return out


def _parts(model: ScoringModel, inside: Rows, day: date, same: Mapping[str, str]) -> dict[str, float]:
    if not inside:
        return {}
    frame = pd.DataFrame(inside)
    frame["points"] = [_points(model, row) for row in inside]
    frame["who"] = frame["contact_key"].fillna("").replace(dict(same))
    frame["cap"] = frame["who"].map(lambda who: model.cap_per_contact_day if who else model.cap_per_account_day)
    total = frame.groupby(["who", "day"])["points"].transform("sum")
    capped = frame["points"] * (frame["cap"] / total).clip(upper=1)
    age = frame["day"].map(lambda then: (day - then).days)
    return dict((capped * 0.5 ** (age / model.half_life_days)).groupby(frame["touch_type"]).sum())


def _points(model: ScoringModel, row: dict[str, Any]) -> float:
    by_content = model.content_points.get(row["touch_type"], {})
    points = by_content.get(row["content_type"], model.points[row["touch_type"]])
    role = row["contact_key"].rsplit("-", 1)[1] if row["contact_key"] else "unknown"
    return points * model.role_weights[role] * row["weight_count"]
