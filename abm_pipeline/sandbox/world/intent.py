"""Weekly topic intent by company domain, as an intent data co-operative would score it.

A week ends on Sunday and is known from the Tuesday after. Scores under 60 are never shown.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from abm_pipeline.sandbox.world.companies import Companies
from abm_pipeline.sandbox.world.names import TOPICS
from abm_pipeline.sandbox.world.scales import Calendar, to_date
from abm_pipeline.sandbox.world.tables import Array

SURGE = 60
LANDS_AFTER_DAYS = 2
TOPIC_IDS = 1_333_500 + 8 * np.arange(len(TOPICS))
# Networks whose traffic nobody should count as a company's.
NOISE_DOMAINS = ("metro-broadband.net", "state-university.edu", "cityfibre-home.net")


class Intent:
    """Scores by week, made when asked for: a large world has millions."""

    def __init__(self, cal: Calendar, companies: Companies, interest: Array) -> None:
        rng, size = cal.rng("intent"), len(companies)
        self._cal, self._interest, self._companies = cal, interest, companies
        self._affinity = rng.normal(0, 1, (size, len(TOPICS)))
        self._tracked = rng.random(size) < 0.93

    def week_ends(self, clock_day: int) -> list[int]:
        """Sundays of the weeks known at the clock, oldest first."""
        first = self._cal.first_monday + 6
        return list(range(first, clock_day - LANDS_AFTER_DAYS + 1, 7))

    def week(self, week_end: int) -> pd.DataFrame:
        """Rows of one week: week, domain, company_id (null for noise), company, topic_id, topic, score ≥ 60."""
        slot = (week_end - 6 - self._cal.first_monday) // 7
        rng = self._cal.rng(f"intent week {slot}")
        score = (
            21.0
            + 14.0 * np.clip(self._interest[:, slot], -3, 3.2)[:, None]
            + 7.0 * self._affinity
            + rng.normal(0, 5, self._affinity.shape)
        )
        score = np.clip(score.round(), 0, 100).astype(np.int64)
        score[~self._tracked] = 0
        company, topic = np.nonzero(score >= SURGE)
        names = np.array(TOPICS, object)
        frame = pd.DataFrame(
            {
                "domain": self._companies.domain[company],
                "company_id": self._companies.company_id[company],
                "company": company,
                "topic_id": TOPIC_IDS[topic],
                "topic": names[topic],
                "score": score[company, topic],
            }
        )
        picks = rng.integers(0, len(TOPICS), len(NOISE_DOMAINS))
        noise = pd.DataFrame(
            {
                "domain": NOISE_DOMAINS,
                "company_id": None,
                "company": -1,
                "topic_id": TOPIC_IDS[picks],
                "topic": names[picks],
                "score": rng.integers(60, 85, len(NOISE_DOMAINS)),
            }
        )
        joined = pd.concat([frame, noise], ignore_index=True)
        joined.insert(0, "week", to_date(week_end))
        return joined
