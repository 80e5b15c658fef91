"""Hard company records with known truth, against which account identity resolution is measured."""

from __future__ import annotations

from abm_pipeline.sandbox.company_records.recordset import COLUMNS, RecordSet, make

__all__ = ["COLUMNS", "RecordSet", "make"]
