"""From spans to a row per account and day: score, rank, band, and the parts that it is made of.

Belongs here: the SQL whose work grows with the rows written. It runs for a chunk of consecutive days at a time (the
one-row table `chunk`: first_day, last_day), so that memory is bounded however long the range is.

Rank and percentile are among the accounts on the ABM list at the end of the day. An account that is not listed gets
no rank, and the band that its score would have: bands end at the score of the lowest target account within.
"""

from __future__ import annotations

from abm_pipeline.storage.engine import Step

DAY_STEPS = (
    Step(
        "scored",
        "Score of each account, window and day of the chunk and the seven days before it.",
        """
        WITH dense AS (
            SELECT span.account, span.window_days, span.touches, span.contacts, span.is_target, span.first_day,
                   span.last_day, span.even, span.odd, breadth.factor,
                   unnest(range(greatest(span.from_day, chunk.first_day - 7), least(span.to_day, chunk.last_day + 1)))
                       AS day
            FROM account_span AS span
            CROSS JOIN chunk
            CROSS JOIN most_contacts
            JOIN breadth ON breadth.contacts = least(span.contacts, most_contacts.contacts)
            WHERE span.from_day <= chunk.last_day AND span.to_day > chunk.first_day - 7
        ), valued AS (
            SELECT dense.account, dense.window_days, CAST(dense.day AS INTEGER) AS day, dense.touches, dense.contacts,
                   dense.is_target, dense.first_day, dense.last_day, dense.factor, coalesce(intent.points, 0) AS intent,
                   dense.even * calendar.shrink_even + dense.odd * calendar.shrink_odd AS base
            FROM dense
            JOIN calendar ON calendar.day = dense.day
            LEFT JOIN intent_points AS intent ON intent.account = dense.account AND intent.day = dense.day
        )
        SELECT *, round(base * factor + intent, 8) AS score
        FROM valued
        WHERE is_target OR touches > 0 OR intent > 0
        """,
    ),
    Step(
        "ranked",
        "Rank among the target accounts of the day, highest score first, and how many there are.",
        """
        SELECT scored.*,
               CASE WHEN is_target THEN rank() OVER (by_score) END AS rank,
               CASE WHEN is_target THEN count(*) OVER (PARTITION BY window_days, day, is_target) END AS targets
        FROM scored CROSS JOIN chunk
        WHERE day >= chunk.first_day
        WINDOW by_score AS (PARTITION BY window_days, day, is_target ORDER BY score DESC)
        """,
    ),
    Step(
        "band_floor",
        "Lowest score of a target account within the top percents of each band.",
        """
        SELECT window_days, day,
               min(score) FILTER (WHERE (rank - 1) * 100 < targets * hot) AS hot,
               min(score) FILTER (WHERE (rank - 1) * 100 < targets * warm) AS warm,
               min(score) FILTER (WHERE (rank - 1) * 100 < targets * cool) AS cool
        FROM ranked CROSS JOIN model
        WHERE is_target AND score > 0
        GROUP BY window_days, day
        """,
    ),
    Step(
        "score_row",
        "Rows of scoring.engagement_score. A score seven days ago that the history does not reach back to is unknown.",
        """
        SELECT DATE '1970-01-01' + now.day AS day, account_number.account_id, model.name AS model, model.model_version,
               now.window_days, now.score, now.rank, (now.targets - now.rank + 1) / now.targets AS percentile,
               CASE WHEN now.score <= 0 THEN 'none'
                    WHEN now.score >= band_floor.hot THEN 'hot'
                    WHEN now.score >= band_floor.warm THEN 'warm'
                    WHEN now.score >= band_floor.cool THEN 'cool'
                    ELSE 'cold' END AS band,
               now.score >= model.engaged_min_score AS is_engaged, now.contacts AS contacts_engaged, now.touches,
               DATE '1970-01-01' + now.first_day AS first_touch_day, DATE '1970-01-01' + now.last_day AS last_touch_day,
               CASE WHEN now.day - 7 >= segment.history_start
                    THEN round(now.score - coalesce(before.score, 0), 8) END AS score_change_7d
        FROM ranked AS now
        JOIN account_number ON account_number.account = now.account
        LEFT JOIN band_floor ON band_floor.window_days = now.window_days AND band_floor.day = now.day
        LEFT JOIN scored AS before
               ON before.account = now.account AND before.window_days = now.window_days AND before.day = now.day - 7
        CROSS JOIN model
        CROSS JOIN segment
        """,
        is_view=True,
    ),
    Step(
        "part_row",
        "Rows of scoring.score_part: each touch type's points, what breadth adds to them (part -1), and intent (-2).",
        """
        WITH dense AS (
            SELECT span.account, span.window_days, span.part, span.even, span.odd, span.touches,
                   unnest(range(greatest(span.from_day, chunk.first_day), least(span.to_day, chunk.last_day + 1)))
                       AS day
            FROM part_span AS span CROSS JOIN chunk
            WHERE span.from_day <= chunk.last_day AND span.to_day > chunk.first_day
        ), part AS (
            SELECT dense.account, dense.window_days, dense.day, dense.part AS part_no, dense.touches,
                   dense.even * calendar.shrink_even + dense.odd * calendar.shrink_odd AS points
            FROM dense
            JOIN calendar ON calendar.day = dense.day
            UNION ALL
            SELECT account, window_days, day, -1, NULL, base * (factor - 1)
            FROM ranked WHERE factor > 1 AND touches > 0
            UNION ALL
            SELECT account, window_days, day, -2, NULL, intent FROM ranked WHERE intent > 0
        )
        SELECT DATE '1970-01-01' + CAST(part.day AS INTEGER) AS day, account_number.account_id, model.model_version,
               part.window_days, part_name.part, round(part.points, 8) AS points, part.touches
        FROM part
        JOIN part_name ON part_name.part_no = part.part_no
        JOIN account_number ON account_number.account = part.account
        CROSS JOIN model
        """,
        is_view=True,
    ),
)
