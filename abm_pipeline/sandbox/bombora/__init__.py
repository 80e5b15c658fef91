"""Bombora's current intent API over the world: token, two-step pull, signal definitions, topics."""
