"""Tickets by the million: a few hundred lives lived through the service, and their clones."""
