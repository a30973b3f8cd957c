"""Pseudonyms that say nothing of the patient, with a check character against slips of the pen."""

from __future__ import annotations

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXY"  # 31, a prime; no 0/O, 1/I, Z/2
LENGTH = 6


def make_pseudonym(number: int) -> str:
    """A pseudonym of 6 characters and a check character, such as ``P-7QK3XF-M``.

    Parameters
    ----------
    number : int
        Drawn at random by the caller, 0 to ``31 ** 6 - 1`` (887 million).

    Raises
    ------
    ValueError
        The number is out of range.

    References
    ----------
    Weighted sum modulo a prime (as ISBN-10): finds every single wrong character and every
    exchange of two neighbours.
    """
    if not 0 <= number < len(ALPHABET) ** LENGTH:
        raise ValueError(f"number is {number}; it lies between 0 and 31 ** 6 - 1")
    digits = [number // len(ALPHABET) ** place % len(ALPHABET) for place in range(LENGTH)]
    return f"P-{''.join(ALPHABET[d] for d in digits)}-{ALPHABET[_check(digits)]}"


def has_check_character(pseudonym: str) -> bool:
    """Whether a pseudonym of this form has the check character it must have."""
    prefix, _, rest = pseudonym.partition("-")
    body, _, check = rest.partition("-")
    known = set(body + check) <= set(ALPHABET)
    if prefix != "P" or len(body) != LENGTH or len(check) != 1 or not known:
        return False
    return ALPHABET[_check([ALPHABET.index(c) for c in body])] == check


def _check(digits: list[int]) -> int:
    return sum(weight * digit for weight, digit in enumerate(digits, start=2)) % len(ALPHABET)
