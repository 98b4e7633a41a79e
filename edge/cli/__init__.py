"""`python -m edge`: the commands, a file each; `edge.cli.main` puts them together.

May import: all; `edge.convert` by name, inside a command; rich.
"""
