"""RFC 3550 without input or output: packets, G.711, key presses, players, recorders."""
