"""People's first entry into each stage of the lead funnel, with the company that their record names today."""

from __future__ import annotations

from abm_pipeline.contracts import tables as t
from abm_pipeline.facts._base import Fact
from abm_pipeline.identity.versions import latest
from abm_pipeline.storage.engine import Step

STEPS = (
    latest(t.LEAD_EVENT),
    latest(t.CONTACT),
    Step(
        "new_lead_stage",
        "first entries that any version tells; without a company here, identity places the person by e-mail",
        """
        SELECT
            e.source || ':' || e.contact_source_id AS contact_key,
            any_value(c.source || ':' || c.company_source_id) AS company_key,
            e.stage,
            min(e.entered_at) AS entered_at
        FROM staged.lead_event AS e
        SEMI JOIN (SELECT * FROM latest_lead_event WHERE NOT coalesce(is_deleted, false)) AS l
            ON l.source = e.source AND l.source_id = e.source_id
        LEFT JOIN latest_contact AS c ON c.source = e.source AND c.source_id = e.contact_source_id
        GROUP BY contact_key, e.stage
        """,
    ),
)

LEAD_STAGE = Fact(t.LEAD_STAGE, (t.LEAD_EVENT, t.CONTACT), STEPS)
