"""Segment."""

from abm_pipeline_tests.sources.suite import Suite

SUITE = Suite(is_file=True, files={"event": ("segment-logs/*/*/*.docs.gz", "messageId")})
