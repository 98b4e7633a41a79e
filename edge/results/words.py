"""How numbers are written for people."""

from __future__ import annotations


def share(value: float, digits: int = 2) -> str:
    """A share in percent, that is never called none or all where it is only nearly so.

    Example:
        >>> share(0.123456), share(0.000001), share(0.999999), share(1.0)
        ('12.35%', '<0.01%', '>99.99%', '100.00%')
    """
    text, least = f"{value:.{digits}%}", 10.0**-digits
    if value > 0 and text == f"{0:.{digits}%}":
        return f"<{least:.{digits}f}%"
    if value < 1 and text == f"{1:.{digits}%}":
        return f">{100 - least:.{digits}f}%"
    return text
