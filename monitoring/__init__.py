"""Listens to everybody: journal, call records, statistics, wall board, recordings."""
