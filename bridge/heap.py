"""How the C library keeps memory for the threads of this process."""

import sys

_ARENA_MAX = -8  # M_ARENA_MAX of malloc.h


def share_one_heap() -> None:
    """Have all threads share one heap; nothing where the C library knows no such thing.

    glibc gives each thread a heap of its own, and each keeps what was freed in it: about 3 MiB for
    a run. Python lets one thread compute at a time, so that they do not wait for each other here.
    Call it before there are threads.
    """
    if sys.platform != "linux":
        return
    import ctypes

    set_option = getattr(ctypes.CDLL(None), "mallopt", None)
    if set_option is not None:
        set_option(_ARENA_MAX, 1)
