"""Sales-qualified leads: people who became one in the window. Definition: metrics.md C.

People, not records: who is a lead in two systems counts once, on the earlier day.
"""

from __future__ import annotations

from abm_pipeline.metrics._leads import qualified

SPEC = qualified("sql", "sales")
