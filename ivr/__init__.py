"""Interactive voice response: flows, their interpreter, and the services they offer."""
