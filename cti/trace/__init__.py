"""What went over the wire, kept in a ring file without its secrets, and drawn as a ladder."""
