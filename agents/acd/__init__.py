"""Automatic call distribution: who gets which call, decided without input or output."""
