"""One record per customer across every channel."""
