"""How a command ends: by Ctrl-C, by a reader that goes away, by a fault of ours. Standard library only.

`python -m edge` watches for Ctrl-C before it imports anything that takes time.
"""

from __future__ import annotations

import atexit
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NoReturn

INTERRUPTED, UNREAD, FAULT = 130, 141, 70  # as of a process that SIGINT or SIGPIPE ended; EX_SOFTWARE
TRACEBACK = "EDGE_TRACEBACK"  # environment variable: show where an unexpected error came from
LONGEST = 300  # characters of an unexpected error
AGAIN = 0.01  # seconds

_seen: list[int] = []


def watch() -> None:
    """Let Ctrl-C raise KeyboardInterrupt, remember that it did, and end the process when it comes again."""
    signal.signal(signal.SIGINT, _interrupt)
    sys.unraisablehook = _lost
    if hasattr(signal, "SIGALRM"):
        signal.signal(signal.SIGALRM, _interrupt_again)


def was_interrupted() -> bool:
    """Whether Ctrl-C came; libraries written in C++ make an ImportError or a SystemError of it."""
    return bool(_seen)


def run(command: Callable[[], Any]) -> int:
    """Run a command to its end.

    Returns:
        Its exit code. At most one line is on stderr if it was interrupted or if there is a fault in it.
    """
    code = _ended(command)
    with suppress(ValueError):  # no signals but in the main thread
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # all is said
    if was_interrupted() and code:
        code = INTERRUPTED
    code = _flushed(code)
    if code == INTERRUPTED:
        say("Interrupted.")
    return code


def leave(code: int) -> NoReturn:
    """End the process.

    Python ends itself by a signal, without an exit code, where KeyboardInterrupt went through an `exec` (as
    in the making of a dataclass): so after Ctrl-C the last things are done here.
    """
    if code == INTERRUPTED:
        atexit._run_exitfuncs()
        os._exit(code)
    sys.exit(code)


def sentence(error: BaseException) -> str:
    """An error that nobody foresaw, as one line, and how to see more of it."""
    words = " ".join(str(error).split())
    words = f"{type(error).__name__}: {words[:LONGEST]}{'...' if len(words) > LONGEST else ''}".rstrip(": ")
    return f"Error: this is a fault of keras-lstm-plus, please report it ({TRACEBACK}=1 shows where): {words}"


def wants_traceback() -> bool:
    """Whether the user asks where an unexpected error came from."""
    return bool(os.environ.get(TRACEBACK))


def say(line: str) -> None:
    """A line on stderr, if anybody reads that."""
    with suppress(OSError, ValueError, AttributeError):
        print(line, file=sys.stderr, flush=True)


def _ended(command: Callable[[], Any]) -> int:
    try:
        command()
    except SystemExit as end:
        if isinstance(end.code, str):
            say(end.code)
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        return UNREAD
    except Exception as error:
        if was_interrupted():
            return INTERRUPTED
        if wants_traceback():
            raise
        say(sentence(error))
        return FAULT
    return 0


def _flushed(code: int) -> int:
    """The code, after what is still to be written: a reader may have gone, a disk may be full."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:
        code = code or UNREAD
    except OSError as error:
        say(f"Error: the output cannot be written: {error.strerror}.")
        code = code or 1
    else:
        return code
    # Python flushes once more at its end, and would complain.
    with suppress(OSError, ValueError), open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())
    return code


def _interrupt(number: int, frame: Any) -> None:
    if _seen:
        os._exit(INTERRUPTED)
    _seen.append(number)
    raise KeyboardInterrupt


def _interrupt_again(number: int, frame: Any) -> None:
    raise KeyboardInterrupt


def _lost(found: Any) -> None:
    """Ctrl-C that fell into a place where Python only mentions exceptions: it comes again a moment later."""
    if not issubclass(found.exc_type, KeyboardInterrupt):
        sys.__unraisablehook__(found)
    elif hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, AGAIN)
