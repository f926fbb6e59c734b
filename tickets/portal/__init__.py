"""The customer page: submit, follow, urge, add to and rate a ticket, with a code for a password."""
