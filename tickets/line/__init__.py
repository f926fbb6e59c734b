"""Tickets by telephone: what callers hear of them and do about them without a person."""
