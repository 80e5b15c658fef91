"""Dagster and nothing else: assets, checks, schedules, sensors, and the commands that run them.

Each asset calls one function of a compute package and reports what it did; no SQL, no HTTP and no arithmetic here.
Nothing heavy is imported at module level, since every run and every reload of the code location pays for it.
"""
