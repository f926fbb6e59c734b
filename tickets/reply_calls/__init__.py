"""Replies by automatic call: the house calls the customer and reads the answer to them."""
