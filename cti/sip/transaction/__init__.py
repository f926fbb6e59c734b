"""The four transaction machines of RFC 3261, 17, and the layer that keeps them."""
