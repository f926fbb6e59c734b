"""Recordings as files: what was noted in them, the chain that seals them, their encryption."""
