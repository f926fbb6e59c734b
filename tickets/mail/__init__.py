"""E-mail of customers: in over LMTP or IMAP, joined to tickets, answered over SMTP."""
