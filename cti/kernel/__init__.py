"""What every room stands on: time, identifiers, events, the bus, ports, errors."""
