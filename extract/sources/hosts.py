"""Names of hosts: whether it is certain that there is none of a name."""

from __future__ import annotations

import socket

# Only the first exists everywhere; any other error, also of a silent name server, may pass.
_UNKNOWN = {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)}


def is_unknown(error: BaseException | None) -> bool:
    """Whether an error, or the first of those that led to it, says that there is no such host.

    Example:
        >>> is_unknown(socket.gaierror(socket.EAI_NONAME, "no such host"))
        True
        >>> is_unknown(socket.gaierror(socket.EAI_AGAIN, "no answer"))
        False
    """
    while error is not None:
        if isinstance(error, socket.gaierror):
            return error.errno in _UNKNOWN
        error = error.__cause__ or error.__context__
    return False
