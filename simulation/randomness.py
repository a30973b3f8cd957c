"""One seed, many named streams: what is drawn in one place never moves another."""

import hashlib
import zlib

import numpy as np


def stream(seed: int, *names: str | int) -> np.random.Generator:
    words = [zlib.crc32(str(name).encode()) for name in names]
    return np.random.default_rng(np.random.SeedSequence([seed, *words]))


def uid(seed: int, *names: str | int) -> str:
    """A DICOM UID below 2.25 of constant length (43 characters), the same for the same seed."""
    text = "/".join(str(part) for part in (seed, *names))
    number = int.from_bytes(hashlib.sha256(text.encode()).digest(), "big")
    return f"2.25.{10**37 + number % (9 * 10**37)}"
