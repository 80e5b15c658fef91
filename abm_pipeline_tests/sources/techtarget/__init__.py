"""TechTarget Priority Engine."""

from abm_pipeline_tests.sources.suite import Suite

SUITE = Suite(is_file=True, files={"account": ("*_2026-06-30.csv", "Account Rank")})
