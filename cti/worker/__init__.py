"""The media process: sockets, the pacer, and the commands it takes."""
