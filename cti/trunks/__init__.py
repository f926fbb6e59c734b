"""Lines to carriers and PBXs: numbers, identities, gateways' health, limits and routes."""
