"""Contacts of which all that is needed is known. Definition: metrics.md A; which fields: market.yaml.

A field is known if any record of the person has it. Dimension `field` is the share that has each field.
"""

from __future__ import annotations

from abm_pipeline.metrics._people import CONTACT_FIELDS, PEOPLE, of_accounts
from abm_pipeline.metrics._segments import SEGMENTS, by_segment
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.storage.engine import Step

_KNOWN = """(
    SELECT a.*, 1 AS window_days, c.* EXCLUDE (day, account_id)
    FROM account_day a JOIN contact_day c USING (day, account_id) WHERE a.is_listed)"""
_COUNTS = "CAST(sum(contacts_known) AS BIGINT) AS denominator, CAST(sum(contacts_known) AS BIGINT) AS n"
_FIELDS = " UNION ALL ".join(
    f"SELECT day, window_days, 'field' AS dimension, '{name}' AS dimension_value, "
    f"CAST(sum(has_{name}) AS BIGINT) AS numerator, {_COUNTS}, {of_accounts(f'has_{name}', 'contacts_known')} "
    f"FROM {_KNOWN} GROUP BY day, window_days"
    for name in CONTACT_FIELDS
)

SPEC = MetricSpec(
    id="contact_completeness",
    title="Complete contacts",
    formula="Contacts of target accounts with every field that market.yaml asks for (by default e-mail, title, role "
    "and phone) ÷ contacts known.",
    unit="share",
    grain="contacts of target accounts",
    window_days=(1,),
    segments=(*SEGMENTS, "field"),
    guides=("G2",),
    statistic="clustered",
    parts=(PEOPLE,),
    example="Four contacts: one with all four fields in one record; one with e-mail and title in one record, role and "
    "phone in another; one without a phone; one with a name alone: 2 ÷ 4 = 50 %.",
    steps=(
        Step(
            "contact_completeness",
            "Complete among known contacts in every segment, and each field by itself.",
            by_segment(
                _KNOWN,
                f"CAST(sum(contacts_complete) AS BIGINT) AS numerator, {_COUNTS}, "
                + of_accounts("contacts_complete", "contacts_known"),
            )
            + f"\n        UNION ALL BY NAME\n        {_FIELDS}",
        ),
    ),
)
