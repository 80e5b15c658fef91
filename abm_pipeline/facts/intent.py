"""Intent on a day: the last snapshot that each provider gave by then, if it is less than a week old.

A snapshot is everything a source says for one `signal_day`; a newer one takes its place whole, so a topic that is
missing from it is over. A snapshot fetched on several days counts as fetched last. `company_key` is the provider's own
record of the company where there is one, else the bare domain.
"""

from __future__ import annotations

from abm_pipeline.contracts import tables as t
from abm_pipeline.facts._base import Fact
from abm_pipeline.storage.engine import Step

AFFECTED = """
    SELECT DISTINCT (first_day + days::INTEGER)::DATE AS day, changed_at
    FROM (
        SELECT s.signal_day AS first_day, c.changed_at
        FROM staged.intent_signal AS s JOIN changed AS c USING (day)
        UNION SELECT day, changed_at FROM changed
    ), range(7) AS week (days)
"""

STEPS = (
    Step(
        "snapshot",
        "for each source and signal day, the partition fetched last",
        "SELECT source, signal_day, max(day) AS day FROM staged.intent_signal GROUP BY ALL",
    ),
    Step(
        "snapshot_of_day",
        "the newest snapshot of each source by the end of each wanted day, not older than a week",
        """
        SELECT w.day AS as_of, s.source, arg_max((s.signal_day, s.day), s.signal_day) AS newest
        FROM wanted AS w JOIN snapshot AS s ON s.signal_day <= w.day AND s.signal_day > w.day - 7
        GROUP BY ALL
        """,
    ),
    Step(
        "new_intent",
        "the signals of that snapshot",
        """
        SELECT
            d.as_of AS day, s.source,
            coalesce(s.source || ':' || s.company_source_id, 'domain:' || s.domain) AS company_key,
            s.topic, s.score, s.is_surging
        FROM snapshot_of_day AS d
        JOIN staged.intent_signal AS s ON s.source = d.source AND (s.signal_day, s.day) = d.newest
        WHERE coalesce(s.company_source_id, s.domain) IS NOT NULL
        QUALIFY row_number() OVER (
            PARTITION BY d.as_of, s.source, company_key, s.topic
            ORDER BY s.modified_at DESC, s.captured_at DESC, s.source_id
        ) = 1
        """,
    ),
)

INTENT = Fact(t.INTENT, (t.INTENT_SIGNAL,), STEPS, AFFECTED)
