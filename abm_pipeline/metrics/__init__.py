"""The metric catalogue: one file a metric, each with a `SPEC`; and the tables that stand beside `metric_values`.

Belongs here: what a metric means and the SQL that computes it. Not here: scores (`scoring`), pages and publishing
(`reports`), anything of Dagster (`defs`). Modules with a leading underscore are what the metrics are built from.
"""
