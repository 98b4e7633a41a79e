"""The bus and the buses: who remembers the number of a subject? `python -m examples.agreement`."""
