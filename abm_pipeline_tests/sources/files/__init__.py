"""Files with a declared meaning."""

from abm_pipeline_tests.sources.suite import Suite

SUITE = Suite(
    is_file=True,
    files={
        "list_membership": ("target_list.csv", "Tier"),
        "committee_map": ("committee_map.csv", "Email"),
        "cost": ("costs_2026-06.csv", "Betrag"),
        "time_entry": ("time_entries_2026-06-29.jsonl", "hours"),
        "ranking": ("ranking_sales_2026-06-*.csv", "Rank"),
        "referral": ("referrals.csv", "Date"),
        "review": ("reviews.csv", "Stars"),
        "fx_rate": ("fx_rates.csv", "Rate"),
        "usage_day": ("usage/week_2026-06-29.parquet", None),
        "intent_signal": ("intent_2026-06-28.csv", "Topic"),
        "survey_response": ("survey_2026-06-29.csv", "Type"),
        "activity": ("activities_2026-06-29.jsonl", "type"),
    },
)
