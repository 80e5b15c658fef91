"""Priority Engine's stars as intent: for every topic of an account, or the segment where no topic is told.

Stars are 0 to 5 and count as 0 to 100. An account surges on its topics from three stars on.
"""

from __future__ import annotations

from abm_pipeline.contracts import tables as T
from abm_pipeline.sources._mapping import Select, VendorMapping
from abm_pipeline.sources.techtarget.contract import SURGE_STARS

_INTENT_SIGNAL = f"""
SELECT
    _from, concat_ws('|', segment, domain, topic, week) AS source_id, domain, topic, stars * 20.0 AS score,
    stars >= {SURGE_STARS} AS is_surging, true AS is_snapshot, segment AS stage, week AS signal_day,
    CAST(week AS TIMESTAMPTZ) AS modified_at
FROM (
    SELECT _from, segment, stars, week, registrable_domain(domain) AS domain,
        unnest(CASE WHEN len(topics) > 0 THEN list_distinct(topics) ELSE [segment] END) AS topic
    FROM src.account
)
"""

_COMPANY = """
SELECT
    _from, registrable_domain(domain) AS source_id, name, registrable_domain(domain) AS domain, domain AS website,
    country_code(country) AS country_code, region_of_country(country) AS region, false AS is_deleted,
    CAST(week AS TIMESTAMPTZ) AS modified_at
FROM src.account
"""

MAPPING = VendorMapping(
    selects=(Select(T.INTENT_SIGNAL, "account", _INTENT_SIGNAL), Select(T.COMPANY, "account", _COMPANY))
)
