"""Calls and what happens inside their dialogs (RFC 3261, 12 to 15): a machine for each matter."""
