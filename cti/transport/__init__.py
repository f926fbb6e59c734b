"""Thin Twisted adapters between the cores and the world."""
