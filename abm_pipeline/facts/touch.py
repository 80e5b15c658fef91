"""Touches: activities on the day they happened, and ad delivery to companies as touches with a weight.

An activity counts as last known and if not deleted; its day is that of `occurred_at` in the reporting zone. One that
its source says is a copy of another's (`same_as`) counts only where that other is not staged. A row of ad delivery to
a company becomes up to three touches: impressions (an exposure), clicks and other engagements, each with the weight of
the events it stands for, at noon of the ad day.
"""

from __future__ import annotations

from abm_pipeline.contracts import tables as t
from abm_pipeline.facts._base import Fact
from abm_pipeline.storage.engine import Step

# Where in the funnel a piece of content, or a touch without one, stands. What is not here has no place in it.
FUNNEL = {
    "blog": "top",
    "ebook": "top",
    "whitepaper": "top",
    "infographic": "top",
    "video": "top",
    "newsletter": "top",
    "benchmark_report": "top",
    "webinar": "mid",
    "conference": "mid",
    "case_study": "mid",
    "buyers_guide": "mid",
    "solution_brief": "mid",
    "pricing_guide": "bottom",
    "roi_calculator": "bottom",
    "contact_form": "bottom",
    "demo_request": "bottom",
    "free_trial": "bottom",
    "ad_impression": "top",
    "ad_click": "top",
    "ad_engagement": "top",
    "content_download": "top",
    "event_attended": "mid",
    "webinar_attended": "mid",
    "form_fill": "mid",
    "email_reply": "mid",
    "call_connected": "mid",
    "meeting": "bottom",
    "email_open": "top",
    "email_click": "top",
    "email_forward": "top",
    "page_view": "top",
    "web_visit": "top",
    "social_engagement": "top",
    "event_registered": "mid",
    "webinar_registered": "mid",
    "direct_mail_response": "mid",
    "chat": "mid",
    "meeting_booked": "bottom",
}

AFFECTED = """
    WITH arrived AS (
        SELECT a.source, a.source_id, max(c.changed_at) AS changed_at
        FROM staged.activity AS a JOIN changed AS c ON c.table_name = 'staged.activity' AND c.day = a.day
        GROUP BY ALL
    )
    -- also the days of other versions: an activity moved to another date leaves the one it was on
    SELECT timezone(p.zone, v.occurred_at)::DATE AS day, max(changed_at) AS changed_at
    FROM staged.activity AS v JOIN arrived USING (source, source_id) CROSS JOIN params AS p
    GROUP BY ALL
    UNION ALL
    -- and those of its copies
    SELECT timezone(p.zone, v.occurred_at)::DATE, max(changed_at)
    FROM (FROM staged.activity WHERE same_as IS NOT NULL) AS v
    JOIN arrived AS a ON v.same_as = a.source || ':' || a.source_id CROSS JOIN params AS p
    GROUP BY ALL
    UNION ALL
    SELECT day, changed_at FROM changed
"""

STEPS = (
    Step(
        "touched_activity",
        "activities of which any version happened on a wanted day, and what each says it is a copy of",
        """
        SELECT DISTINCT a.source, a.source_id, a.same_as
        FROM staged.activity AS a CROSS JOIN params AS p
        SEMI JOIN wanted AS w ON w.day = timezone(p.zone, a.occurred_at)::DATE
        """,
    ),
    Step(
        "last_activity",
        "their last version",
        """
        SELECT source, source_id, max((modified_at, captured_at, day)) AS version
        FROM staged.activity SEMI JOIN touched_activity USING (source, source_id)
        GROUP BY ALL
        """,
    ),
    Step(
        "original",
        "activities that one of those may be a copy of",
        """
        SELECT DISTINCT source, source_id FROM staged.activity
        WHERE source || ':' || source_id IN (SELECT same_as FROM touched_activity WHERE same_as IS NOT NULL)
        """,
    ),
    Step(
        "activity_touch",
        "activities that stand, on the day they happened",
        """
        SELECT
            timezone(p.zone, a.occurred_at)::DATE AS day,
            a.source || ':' || a.source_id AS touch_id,
            a.occurred_at, a.source, a.source_id,
            coalesce(a.source || ':' || a.company_source_id, 'domain:' || a.domain) AS company_key,
            a.source || ':' || a.contact_source_id AS contact_key,
            a.touch_type, a.channel, a.direction, a.content_id, a.content_type, a.funnel_stage AS stated_stage,
            a.source || ':' || a.campaign_source_id AS campaign_id,
            a.duration_seconds, a.outcome, a.is_exposure,
            1.0::DOUBLE AS weight_count
        FROM staged.activity AS a CROSS JOIN params AS p
        JOIN last_activity AS l
            ON l.source = a.source AND l.source_id = a.source_id AND l.version = (a.modified_at, a.captured_at, a.day)
        WHERE NOT a.is_deleted AND a.touch_type <> 'none' AND NOT EXISTS (
            FROM original AS o WHERE o.source || ':' || o.source_id = a.same_as
        )
        """,
        is_view=True,
    ),
    Step(
        "company_delivery",
        "ad delivery to companies on wanted days, as last captured",
        """
        SELECT * FROM staged.ad_delivery SEMI JOIN wanted USING (day)
        WHERE company_source_id IS NOT NULL
        QUALIFY row_number() OVER (
            PARTITION BY day, source, source_id ORDER BY modified_at DESC, captured_at DESC
        ) = 1
        """,
    ),
    Step(
        "ad_touch",
        "impressions, clicks and other engagements of a delivery row, where there are any",
        """
        WITH part AS (
            SELECT *, 'ad_impression' AS touch_type, 'impression' AS suffix, impressions AS events FROM company_delivery
            UNION ALL SELECT *, 'ad_click', 'click', clicks FROM company_delivery
            UNION ALL SELECT *, 'ad_engagement', 'engagement', engagements FROM company_delivery
        )
        SELECT
            a.day,
            a.source || ':' || a.source_id || ':' || a.suffix AS touch_id,
            timezone(p.zone, a.day + INTERVAL 12 HOUR) AS occurred_at,
            a.source, a.source_id,
            a.source || ':' || a.company_source_id AS company_key,
            NULL AS contact_key,
            a.touch_type,
            'ads' AS channel,
            CASE a.touch_type WHEN 'ad_impression' THEN 'outbound' ELSE 'inbound' END AS direction,
            NULL AS content_id, NULL AS content_type, NULL AS stated_stage,
            a.source || ':' || a.campaign_source_id AS campaign_id,
            NULL AS duration_seconds, NULL AS outcome,
            a.touch_type = 'ad_impression' AS is_exposure,
            a.events::DOUBLE AS weight_count
        FROM part AS a CROSS JOIN params AS p
        WHERE a.events > 0
        """,
        is_view=True,
    ),
    Step(
        "new_touch",
        "all touches of the wanted days; their place in the funnel as stated, else of the content, else the touch",
        """
        SELECT touch.*,
            coalesce(touch.stated_stage, content.funnel_stage, kind.funnel_stage) AS funnel_stage
        FROM (SELECT * FROM activity_touch SEMI JOIN wanted USING (day) UNION ALL SELECT * FROM ad_touch) AS touch
        LEFT JOIN funnel AS content ON content.kind = touch.content_type
        LEFT JOIN funnel AS kind ON kind.kind = touch.touch_type
        """,
        is_view=True,
    ),
)

TOUCH = Fact(t.TOUCH, (t.ACTIVITY, t.AD_DELIVERY), STEPS, AFFECTED)
