"""Tests of the scoring layer."""
