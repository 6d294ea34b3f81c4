"""Rules of the trade as pure functions: no database, no clock, no framework.

Figures stand in `tables/`, one rule set for each standard and edition; every result names the
rule set and the row that decided it.
"""
