"""Which of a million numbers came before, in sixteen bytes each where a dictionary takes a hundred."""

from array import array

_FIRST_SLOTS = 1 << 12
_FOLD = 29  # the upper half of a number takes part in its place
_MASK = (1 << 64) - 1


class Seen:
    """Whole numbers from 1 to 2**64 - 1, each with a value from 1 up."""

    def __init__(self) -> None:
        self._last = _FIRST_SLOTS - 1
        self._keys = array("Q", bytes(8 * _FIRST_SLOTS))
        self._values = array("Q", bytes(8 * _FIRST_SLOTS))
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def first(self, key: int, value: int) -> int:
        """The value that is there for `key`; 0 where there was none, and then `value` is."""
        keys, last = self._keys, self._last
        slot = (key ^ key >> _FOLD) & last
        while found := keys[slot]:
            if found == key:
                return self._values[slot]
            slot = slot + 1 & last
        keys[slot] = key
        self._values[slot] = value
        self._count += 1
        if self._count * 2 > last:
            self._grow()
        return 0

    def get(self, key: int) -> int:
        """The value that is there for `key`, or 0."""
        keys, last = self._keys, self._last
        slot = (key ^ key >> _FOLD) & last
        while found := keys[slot]:
            if found == key:
                return self._values[slot]
            slot = slot + 1 & last
        return 0

    def _grow(self) -> None:
        keys, values, slots = self._keys, self._values, (self._last + 1) * 2
        self._last, self._count = slots - 1, 0
        self._keys = array("Q", bytes(8 * slots))
        self._values = array("Q", bytes(8 * slots))
        for key, value in zip(keys, values, strict=True):
            if key:
                self.first(key, value)


def fingerprint(text: str) -> int:
    """A number that stands for a text, the same for the life of this process; never 0."""
    return hash(text) & _MASK or 1
