"""What lies on an agent's desk beside the telephone: the customer, colleagues, codes, the day."""
