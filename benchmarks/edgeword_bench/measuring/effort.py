"""How much is measured."""

from __future__ import annotations

from dataclasses import dataclass

from edgeword.errors import UsageError


@dataclass(frozen=True)
class Effort:
    """The least that is measured of each subject; the rule is what the percentiles ask for."""

    processes: int = 11
    """Fresh processes in which every subject is loaded, warmed up and timed, at least."""
    turns: int = 3
    """Turns of each subject in a process."""
    words: int = 1000
    """Words of each subject over these processes."""
    most_words_a_turn: int = 1000
    turn_s: float = 0.035
    """What a turn should last, where that is not too many words."""
    least_s: float = 15.0
    """Processes follow each other for this long at least, so that they see more than one moment of the machine."""
    most_processes: int = 40
    cold_starts: int = 11

    def __post_init__(self) -> None:
        for name in ("processes", "turns", "words"):
            if getattr(self, name) < 1:
                raise UsageError(f"{name} is {getattr(self, name)}; give a whole number of at least 1")

    @property
    def fewest_words_a_turn(self) -> int:
        """So many that the processes add up to `words`."""
        return -(-self.words // (self.processes * self.turns))

    def words_a_turn(self, word_s: float) -> int:
        """As many as a turn's time asks for, within the bounds."""
        return max(self.fewest_words_a_turn, min(self.most_words_a_turn, int(self.turn_s / word_s)))


USUAL = Effort()
