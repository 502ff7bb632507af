"""Which of a million numbers came before, in sixteen bytes each where a dictionary takes a hundred."""

from array import array

_FIRST_SLOTS = 1 << 12
_SPREAD = 0x9E3779B97F4A7C15  # 2**64 divided by the golden ratio: spreads neighbours over the table
_MASK = (1 << 64) - 1


class Seen:
    """Whole numbers from 1 to 2**64 - 1, each with a value from 1 up."""

    def __init__(self) -> None:
        self._slots = _FIRST_SLOTS
        self._keys = array("Q", bytes(8 * _FIRST_SLOTS))
        self._values = array("Q", bytes(8 * _FIRST_SLOTS))
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def get(self, key: int) -> int:
        """The value that was put under `key`, 0 where there is none."""
        return self._values[self._slot(key)]

    def put(self, key: int, value: int) -> None:
        """Remember `value` under `key`; a value that is there already is replaced."""
        slot = self._slot(key)
        if not self._values[slot]:
            self._count += 1
            self._keys[slot] = key
        self._values[slot] = value
        if self._count * 2 > self._slots:
            self._grow()

    def _slot(self, key: int) -> int:
        last, keys = self._slots - 1, self._keys
        slot = (key * _SPREAD & _MASK) >> 20 & last
        while keys[slot] and keys[slot] != key:
            slot = slot + 1 & last
        return slot

    def _grow(self) -> None:
        keys, values = self._keys, self._values
        self._slots *= 4
        self._keys = array("Q", bytes(8 * self._slots))
        self._values = array("Q", bytes(8 * self._slots))
        for key, value in zip(keys, values, strict=True):
            if value:
                slot = self._slot(key)
                self._keys[slot] = key
                self._values[slot] = value


def fingerprint(text: str) -> int:
    """A number that stands for a text, the same for the life of this process; never 0."""
    return hash(text) & _MASK or 1
