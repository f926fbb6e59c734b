"""One module per measurement; each gives the lines of the table it is responsible for."""
