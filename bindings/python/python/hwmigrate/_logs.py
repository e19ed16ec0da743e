"""The package's log, through the ``logging`` module."""

from __future__ import annotations

import atexit
import logging
import threading
from typing import Optional

from hwmigrate import _hwmigrate

_lock = threading.Lock()
_emitting = threading.RLock()
_thread: Optional[threading.Thread] = None
_ended = threading.Event()


def enable_logging() -> None:
    """Sends the package's log to the logger ``hwmigrate`` and its children.

    Off until this is called. Operation, attempt, status and request id are
    logged at DEBUG, what somebody should know at WARNING; never a body, a
    header or a secret. Levels and handlers are set as for any logger::

        logging.basicConfig()
        logging.getLogger("hwmigrate").setLevel(logging.DEBUG)
        hwmigrate.enable_logging()
    """
    global _thread
    with _lock:
        if _thread is not None and _thread.is_alive():
            return
        if not _hwmigrate.listen():
            raise RuntimeError("another module of this process has taken the native log")
        _thread = threading.Thread(target=_follow, name="hwmigrate-logs", daemon=True)
        _thread.start()
        atexit.register(_end)


def emit() -> None:
    """Hands over what is there; one thread at a time, so that the order is kept.

    A handler or filter that fails is reported, and gets the next entry all the same.
    """
    ends: Optional[BaseException] = None
    with _emitting:
        for level, target, text in _hwmigrate.take_logs():
            try:
                logger = logging.getLogger(target.replace("::", "."))
                if logger.isEnabledFor(level):
                    logger.log(level, "%s", text)
            except Exception as error:
                _hwmigrate.report(error)
            except BaseException as error:
                ends = ends or error
    if ends is not None:
        raise ends


def _follow() -> None:
    # Calls hand over what they wrote as they return; this is for waits that go on for hours.
    while not _ended.wait(0.5):
        emit()


def _end() -> None:
    _ended.set()
    emit()
