"""Clocks of a ticket: what they measure, by which limits, and why each is due when it is."""
