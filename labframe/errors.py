"""Every deliberate error of labframe.

::

    LabframeError
    ├── PointError (ValueError)           a point that no socket can carry
    ├── UnknownCodename (RuntimeError)    a codename that the socket was not made with
    ├── PortStillReserved                 another program, or another socket, holds the UDP port
    ├── DatagramTooLong (OSError)         more than one datagram carries
    ├── DeclarationError (TypeError)      a driver class declares what cannot be
    ├── ArgumentError (ValueError)        an argument of a command that it does not take
    ├── Refusal                           the host did not execute a command, and why
    ├── Expired                           the deadline of a command passed before its first byte
    ├── NotFresh (TimeoutError)           a codename got no fresh value in time
    ├── NoValue                           the instrument answered that it has no value now
    ├── TranscriptError (ValueError)      a file that is no transcript, or one that does not fit
    ├── LineError                         what goes wrong between the host and an instrument
    │   ├── PortNotFound                  no such port now: not plugged in, or not reachable
    │   ├── PortAmbiguous                 several ports fit the USB identity
    │   ├── PortBusy                      another program holds the port
    │   ├── PortGone                      unplugged, or closed, while it was in use
    │   ├── NoReply (TimeoutError)        not one byte came in time
    │   ├── IncompleteReply               the answer stopped before its end
    │   ├── BadReply                      a broken frame, a wrong checksum, rubbish
    │   ├── EchoError                     the echo that was declared did not come
    │   └── IdentityError                 another instrument answers than the one that should
    └── ClientError
        ├── UnknownHost (OSError)         a computer's name that nobody knows
        ├── NoAnswer (TimeoutError)       nothing came back in time, or nobody listens there
        ├── OldData                       the server has a point, but it is older than its timeout
        ├── UnexpectedAnswer              an answer that the protocol does not know here
        ├── CommandRefused                ERROR#: the server did not do it
        └── CommandFailed                 EXCEP#: the callback was called and raised
            └── OutcomeUnknown            EXCEP#: it was begun, and nobody knows how it ended

Errors that a script written for the original catches by their exact type stay what they were:
``ValueError`` from constructors, ``KeyError`` of the port after ``stop()``, ``RuntimeError`` of a
live socket's unknown codename.
"""

from __future__ import annotations

import errno

__all__ = [
    "ArgumentError",
    "BadReply",
    "ClientError",
    "CommandFailed",
    "CommandRefused",
    "DatagramTooLong",
    "DeclarationError",
    "EchoError",
    "Expired",
    "IdentityError",
    "IncompleteReply",
    "LabframeError",
    "LineError",
    "NoAnswer",
    "NoReply",
    "NoValue",
    "NotFresh",
    "OldData",
    "OutcomeUnknown",
    "PointError",
    "PortAmbiguous",
    "PortBusy",
    "PortGone",
    "PortNotFound",
    "PortStillReserved",
    "Refusal",
    "TranscriptError",
    "UnexpectedAnswer",
    "UnknownCodename",
    "UnknownHost",
]


class LabframeError(Exception):
    """The root of the tree: catch it to catch every deliberate error of labframe."""


class PointError(LabframeError, ValueError):
    """A point has not exactly two parts, or a part that cannot be served."""


class UnknownCodename(LabframeError, RuntimeError):
    """A point was set for a codename that the socket was not made with."""


class PortStillReserved(LabframeError):
    """The UDP port is bound already.

    Args:
        port: The port, None when it is not known.
        host: The address that was asked for; an empty text means every address.
    """

    def __init__(self, port: int | None = None, host: str = "") -> None:
        where = "the UDP port" if port is None else f"UDP port {port}"
        on = f" on {host}" if host else ""
        find = "" if port is None else f" (on Linux `ss -lunp sport = :{port}` names it)"
        super().__init__(
            f"{where}{on} is in use by another socket. Stop the program that holds it{find}, "
            "or give this socket another port."
        )
        self.port = port
        self.host = host


class DatagramTooLong(LabframeError, OSError):
    """One message is longer than the 65507 bytes of a UDP datagram."""

    def __init__(self, message: str) -> None:
        super().__init__(errno.EMSGSIZE, message)

    def __str__(self) -> str:
        return str(self.args[1])


class ClientError(LabframeError):
    """The root of what a client reports."""


class UnknownHost(ClientError, OSError):
    """The name of a computer has no address: misspelt, or the name server does not answer."""


class NoAnswer(ClientError, TimeoutError):
    """No answer came in time, or the computer says that nobody listens on that port.

    Attributes:
        id: The id of a command that may have been executed all the same: asking again with it
            fetches the outcome; empty if it has none, or if it surely was not executed.
    """

    id = ""


class OldData(ClientError):
    """The server answered ``OLD_DATA``: its newest point is older than its timeout."""


class UnexpectedAnswer(ClientError):
    """The answer does not fit the request: another kind of server, or an unknown codename."""


class _PushAnswer(ClientError):
    """An answer of a push socket that is no value.

    Attributes:
        code: The word that a host begins its text with, ``OUT_OF_RANGE`` for example; empty if it
            is none of a host's.
    """

    @property
    def code(self) -> str:
        word, colon, _ = str(self).partition(": ")
        return word if colon and word.isupper() else ""


class CommandRefused(_PushAnswer):
    """The push socket answered ``ERROR#``: it understood or took nothing, and did nothing.

    The text is the server's, word for word.
    """


class CommandFailed(_PushAnswer):
    """The push socket answered ``EXCEP#``: the callback was called and did not return a value.

    The text is the server's, word for word: for an exception, ``str(exception)``.
    """


class OutcomeUnknown(CommandFailed):
    """A command was begun, and it is not known how it ended, or whether it has ended.

    Attributes:
        id: The command's id: asking again with it fetches the outcome; empty if it has none.
    """

    id = ""


class DeclarationError(LabframeError, TypeError):
    """A driver class declares what cannot be: a reading without a unit, a name twice.

    It is raised where the class is defined, so that the plugin does not load.
    """


class _Coded(LabframeError):
    """An error that programs tell apart by a word.

    Attributes:
        code: The word, ``OUT_OF_RANGE`` for example.
    """

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class ArgumentError(_Coded, ValueError):
    """An argument of a command is missing, unknown, of another type or out of range.

    Nothing was sent to the instrument. The codes are ``MISSING_ARGUMENT``, ``UNKNOWN_ARGUMENT``,
    ``WRONG_TYPE`` and ``OUT_OF_RANGE``.
    """


class Refusal(_Coded):
    """The host did not execute a command; the codes are in the reference of commands."""


class Expired(LabframeError):
    """The deadline of a command passed before its first byte was sent; so it was not executed."""


class NoValue(LabframeError):
    """The instrument answered, and said that it has no value: a sensor is off, or out of range.

    A driver raises it in a reading, or puts it in the place of a value when a reading has several:
    the codename gets the quality ``error``, and the text says why.
    """


class TranscriptError(LabframeError, ValueError):
    """A file is no transcript, or the transcript does not fit what it is used for.

    The message names the file, the line and what is wrong there.
    """


class NotFresh(LabframeError, TimeoutError):
    """A codename of the host got no fresh value in time; the text says how its source is."""


class LineError(LabframeError):
    """The root of what goes wrong between the host and an instrument on its line.

    Each message names the port, the request, and what to look at next.
    """


class PortNotFound(LineError):
    """There is no such port now: it is not plugged in, or the server is not reachable."""


class PortAmbiguous(LineError):
    """Several ports fit a USB identity.

    Attributes:
        candidates: The device paths of the ports that fit.
    """

    def __init__(self, message: str, candidates: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.candidates = candidates


class PortBusy(LineError):
    """Another program, or another line of this one, holds the port."""


class PortGone(LineError):
    """The port was unplugged or closed while it was in use; ``Line.open()`` finds it again."""


class NoReply(LineError, TimeoutError):
    """Not one byte of an answer came within ``first_byte_s``."""


class _WrongReply(LineError):
    """An answer came that is none.

    Attributes:
        received: The bytes that came, as far as they were read.
    """

    def __init__(self, message: str, *, received: bytes = b"") -> None:
        super().__init__(message)
        self.received = received


class IncompleteReply(_WrongReply):
    """The answer stopped before its end; ``received`` holds what came."""


class BadReply(_WrongReply):
    """A broken frame, a wrong checksum or rubbish; ``received`` holds what came."""


class EchoError(_WrongReply):
    """The echo that was declared did not come, or not unharmed; ``received`` holds what came."""


class IdentityError(LineError):
    """Another instrument answers than the one that should be there.

    Args:
        where: The instrument, or its port.
        expected: How the answer should begin.
        found: What was answered.
        request: What was asked.
    """

    def __init__(self, where: str, expected: str, found: str, request: str = "") -> None:
        asked = f" to {request!r}" if request else ""
        super().__init__(
            f"{where}: another instrument answers: expected {expected!r}, got {found!r}{asked}. "
            "Are two cables swapped? If this one is right, set identity in the configuration."
        )
        self.expected = expected
        self.found = found
