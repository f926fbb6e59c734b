"""Tickets found again: the index of every ticket, the lists people work from, search and export."""
