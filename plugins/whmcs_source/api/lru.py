"""A bounded memory of what was read in this run. Safe for several threads."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

KeyT = TypeVar("KeyT")
ValueT = TypeVar("ValueT")


class LruCache(Generic[KeyT, ValueT]):
    """Keeps the latest `size` values; older ones are read again when asked for."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._values: OrderedDict[KeyT, ValueT] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: KeyT) -> ValueT | None:
        """The value, or None."""
        with self._lock:
            if key not in self._values:
                return None
            self._values.move_to_end(key)
            return self._values[key]

    def put(self, key: KeyT, value: ValueT) -> None:
        """Keep a value."""
        with self._lock:
            self._values[key] = value
            self._values.move_to_end(key)
            if len(self._values) > self._size:
                self._values.popitem(last=False)

    def take(self, key: KeyT) -> ValueT | None:
        """The value, which is then kept no longer; or None."""
        with self._lock:
            return self._values.pop(key, None)

    def get_or(self, key: KeyT, read: Callable[[], ValueT]) -> ValueT:
        """The value, read when it is not kept. Two threads may both read it."""
        value = self.get(key)
        if value is None:
            value = read()
            self.put(key, value)
        return value
