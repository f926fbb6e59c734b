"""Agents, their states, and the queues that find them."""
