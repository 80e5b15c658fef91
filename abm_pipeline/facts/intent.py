"""Intent on a day: what each provider last said of it, if that is less than a week old.

A snapshot is everything a source says for one `signal_day`; a newer one takes its place whole, so a topic that is
missing from it is over. A snapshot fetched on several days counts as fetched last. An observation by itself (a company
looked at a page) holds for a week, or until the next one of the same company and topic. `company_key` is the provider's
own record of the company where there is one, else the bare domain.
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
        "SELECT source, signal_day, max(day) AS day FROM staged.intent_signal WHERE is_snapshot GROUP BY ALL",
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
        "signal_of_day",
        "the signals of that snapshot, and the observations of the week",
        """
        SELECT d.as_of, s.*
        FROM snapshot_of_day AS d
        JOIN staged.intent_signal AS s ON s.source = d.source AND (s.signal_day, s.day) = d.newest AND s.is_snapshot
        UNION ALL
        SELECT w.day, s.*
        FROM wanted AS w JOIN staged.intent_signal AS s ON s.signal_day <= w.day AND s.signal_day > w.day - 7
        WHERE NOT s.is_snapshot
        """,
        is_view=True,
    ),
    Step(
        "new_intent",
        "one row for each source, company and topic, as said last",
        """
        SELECT
            as_of AS day, source, coalesce(source || ':' || company_source_id, 'domain:' || domain) AS company_key,
            topic, score, is_surging
        FROM signal_of_day
        WHERE coalesce(company_source_id, domain) IS NOT NULL
        QUALIFY row_number() OVER (
            PARTITION BY as_of, source, company_key, topic
            ORDER BY signal_day DESC, modified_at DESC, captured_at DESC, source_id
        ) = 1
        """,
    ),
)

INTENT = Fact(t.INTENT, (t.INTENT_SIGNAL,), STEPS, AFFECTED)
