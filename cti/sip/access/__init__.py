"""Who may come in and where they are found: registrar, gatekeeper, digest authentication."""
