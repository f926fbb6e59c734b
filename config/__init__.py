"""The composition root: settings, wiring, web site, command line."""
