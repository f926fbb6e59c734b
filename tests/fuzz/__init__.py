"""Hostile octets for every parser of the switch: `python -m tests.fuzz [TARGET] --seconds N`.

Where `atheris` is installed (the extra ``fuzz``) coverage leads the search; else chance does. The
suite runs the same targets for a moment each.
"""
