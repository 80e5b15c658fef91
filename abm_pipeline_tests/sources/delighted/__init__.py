"""Delighted."""

from abm_pipeline_tests.sources.suite import Suite

SUITE = Suite(is_file=True, files={"response": ("*2026-06-30.csv", "Score")})
