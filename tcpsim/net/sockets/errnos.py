"""The errors of calls: their names and what they mean, as POSIX and the manual pages word it."""

from __future__ import annotations

from typing import Final

ERRNOS: Final[dict[str, str]] = {
    "EPERM": "Operation not permitted",
    "EINTR": "Interrupted system call",
    "EBADF": "Bad file descriptor",
    "EAGAIN": "Resource temporarily unavailable",
    "EACCES": "Permission denied",
    "EPROTO": "Protocol error",
    "EFAULT": "Bad address",
    "EEXIST": "File exists",
    "ENOENT": "No such file or directory",
    "EINVAL": "Invalid argument",
    "EMFILE": "Too many open files",
    "ENOTTY": "Inappropriate ioctl for device",
    "EPIPE": "Broken pipe",
    "EDOM": "Numerical argument out of domain",
    "ELOOP": "Too many levels of symbolic links",
    "ENOTSOCK": "Socket operation on non-socket",
    "EMSGSIZE": "Message too long",
    "EPROTOTYPE": "Protocol wrong type for socket",
    "ENOPROTOOPT": "Protocol not available",
    "EPROTONOSUPPORT": "Protocol not supported",
    "EOPNOTSUPP": "Operation not supported",
    "EAFNOSUPPORT": "Address family not supported by protocol",
    "EADDRINUSE": "Address already in use",
    "EADDRNOTAVAIL": "Can't assign requested address",
    "ENETUNREACH": "Network is unreachable",
    "ECONNABORTED": "Software caused connection abort",
    "ECONNRESET": "Connection reset by peer",
    "ENOBUFS": "No buffer space available",
    "EISCONN": "Socket is already connected",
    "ENOTCONN": "Socket is not connected",
    "ETIMEDOUT": "Operation timed out",
    "ECONNREFUSED": "Connection refused",
    "EHOSTDOWN": "Host is down",
    "EHOSTUNREACH": "No route to host",
    "EALREADY": "Operation already in progress",
    "EINPROGRESS": "Operation now in progress",
}
"""Every error that a call may end with. EWOULDBLOCK is EAGAIN, as on both kernels."""


class Failed(Exception):
    """A call ends with an error.

    Attributes:
        errno: its name, one of ERRNOS.
        not_modelled: what was asked for that exists in kernels but not here, or "".
    """

    def __init__(self, errno: str, not_modelled: str = "") -> None:
        self.errno = errno
        self.not_modelled = not_modelled
        super().__init__(f"{errno}: {ERRNOS[errno]}{f' ({not_modelled} is not modelled)' if not_modelled else ''}")
