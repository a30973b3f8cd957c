"""Former names of ``studies.methods.wording.say``."""

from __future__ import annotations

from studies.methods.wording import english, say, say_number

__all__ = ["english", "told", "told_number"]

told, told_number = say, say_number
