"""Google Analytics' report as canonical rows: one visit by day, company domain and landing page.

Belongs here: which stream gives which table. Days are those of the property's time zone; the visit is dated at noon
of that day in the reporting zone, as ad days are. How many sessions it stands for is not told on: a visit is a visit.
"""

from __future__ import annotations

from collections.abc import Mapping

from abm_pipeline.contracts import tables as T
from abm_pipeline.programme import Programme
from abm_pipeline.sources._mapping import Select, VendorMapping
from abm_pipeline.sources.ga4.contract import Options


def aliases(programme: Programme) -> Mapping[str, Mapping[str, str | None]]:
    """Our name for the property's own dimension."""
    return {"company_visit": {"company_domain": programme.options("ga4", Options).company_dimension}}


# What is no domain, "(other)" among it, is about nobody in particular.
_VISIT = """
SELECT
    v._from, CAST(v._from.day AS VARCHAR) || '|' || v.company_domain || '|' || v.landingPage AS source_id,
    registrable_domain(v.company_domain) AS domain,
    timezone(p.reporting_timezone, CAST(v._from.day AS TIMESTAMP) + INTERVAL 12 HOURS) AS occurred_at,
    'web_visit' AS touch_type, 'web' AS channel, 'inbound' AS direction, v.landingPage AS content_id,
    v.userEngagementDuration AS duration_seconds,
    CASE WHEN v.keyEvents > 0 THEN 'converted' WHEN v.engagedSessions > 0 THEN 'engaged' END AS outcome,
    false AS is_exposure, v.sessions = 0 AS is_deleted, CAST(v._from.day AS TIMESTAMPTZ) AS modified_at
FROM src.company_visit AS v CROSS JOIN params AS p
WHERE registrable_domain(v.company_domain) IS NOT NULL
"""

MAPPING = VendorMapping(selects=(Select(T.ACTIVITY, "company_visit", _VISIT),), aliases=aliases)
