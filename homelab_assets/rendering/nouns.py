"""What a number counts: one of it, or several."""


def noun(number: int, one: str, many: str = "") -> str:
    """Return `service` for 1, else `services`; `many` where that takes more than an `s`."""
    return one if number == 1 else many or f"{one}s"


def counted(number: int, one: str, many: str = "") -> str:
    """Return `1 service`, `2 services`."""
    return f"{number:,} {noun(number, one, many)}"
