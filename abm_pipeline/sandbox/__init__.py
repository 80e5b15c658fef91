"""The vendors' APIs, wire-compatible, over one simulated ABM world.

Belongs here: the world and its planted truth (`world`), and one package per vendor that serves it.
Does not belong here: anything that reads those APIs. Nothing outside this package is imported.
"""
