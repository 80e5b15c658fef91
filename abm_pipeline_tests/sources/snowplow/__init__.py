"""Snowplow."""

from abm_pipeline_tests.sources.suite import Suite

SUITE = Suite(is_file=True, files={"event": ("enriched/good/2026-06-30/*.tsv.gz", None)})
