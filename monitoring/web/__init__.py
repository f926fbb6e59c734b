"""The wall board, call records and recordings in the browser."""
