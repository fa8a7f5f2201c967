"""The heap that threads share, and how often it is looked through."""

import subprocess
import sys

import pytest

CHILD = """
import ctypes, sys, threading
from bridge.memory_tuning import share_one_heap
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
if sys.argv[1] == "shared":
    share_one_heap()
for _ in range(4):
    thread = threading.Thread(target=libc.malloc, args=(20_000,))
    thread.start()
    thread.join()
held = threading.Barrier(4)
threads = [threading.Thread(target=lambda: (held.wait(), libc.malloc(20_000))) for _ in range(4)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
libc.malloc_stats()
"""


def heaps(how: str) -> int:
    """How many heaps glibc tells of."""
    command = [sys.executable, "-c", CHILD, how]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stderr
    if "Arena 0:" not in told:
        pytest.skip("this is not glibc")
    return told.count("Arena ")


def test_threads_share_one_heap() -> None:
    assert heaps("shared") == 1
    assert heaps("own") > 1


def test_what_refers_to_itself_is_still_found() -> None:
    """Seldom is not never."""
    program = """
import weakref
from bridge.memory_tuning import look_through_memory_seldom
look_through_memory_seldom()
class Own: pass
one = Own()
one.own = one
gone = weakref.ref(one)
del one
kept = [[] for _ in range(20_000)]
print(gone() is None)
"""
    command = [sys.executable, "-c", program]
    assert subprocess.run(command, check=True, capture_output=True, text=True).stdout == "True\n"
