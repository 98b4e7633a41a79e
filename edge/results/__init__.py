"""What the verbs hand over, as values: a conversion, a verification, a benchmark. Standard library only.

May import: errors, targets.
"""
