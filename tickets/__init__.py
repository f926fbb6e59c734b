"""Complaints, suggestions, appointments and orders: cases, dispatches and their clocks."""
