"""The last known version of every source record: what identity and facts start from.

Belongs here: how versions of one record are ordered. By the source's own modification stamp; a version fetched twice
(raw merges, it never replaces) counts once, as last fetched.
"""

from __future__ import annotations

from abm_pipeline.contracts.tables import Table
from abm_pipeline.storage.engine import Step


def latest(table: Table) -> Step:
    """A step `latest_<name>`: one row per (source, source_id) of a staged table attached to the connection."""
    return Step(
        f"latest_{table.name}",
        f"the last version of every {table.name} record",
        f"""
        SELECT * FROM {table}
        QUALIFY row_number() OVER (
            PARTITION BY source, source_id ORDER BY modified_at DESC, captured_at DESC, day DESC
        ) = 1
        """,
    )
