"""How much is measured."""

from __future__ import annotations

from dataclasses import dataclass

from edgeword.errors import UsageError


@dataclass(frozen=True)
class Effort:
    """The least that is measured of each variant; the rule is what the percentiles ask for."""

    sittings: int = 11
    """Fresh processes in which every variant is loaded and timed, at least."""
    rounds: int = 3
    """Turns of each variant in a sitting."""
    words: int = 1000
    """Words of each variant over these sittings."""
    most_words_a_turn: int = 1000
    turn_s: float = 0.035
    """What a turn should last, where that is not too many words."""
    least_s: float = 15.0
    """Sittings go on until they have lasted this long, so that they see more than one moment of the machine."""
    most_sittings: int = 40
    cold_starts: int = 11

    def __post_init__(self) -> None:
        for name in ("sittings", "rounds", "words"):
            if getattr(self, name) < 1:
                raise UsageError(f"{name} is {getattr(self, name)}; give a whole number of at least 1")

    @property
    def fewest_words_a_turn(self) -> int:
        """So many that the sittings add up to `words`."""
        return -(-self.words // (self.sittings * self.rounds))


USUAL = Effort()
