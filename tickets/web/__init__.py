"""Ticket pages."""
