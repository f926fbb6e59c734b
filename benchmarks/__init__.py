"""What speed claims rest on: a hotline of its own, loaded over real sockets, and its figures."""
