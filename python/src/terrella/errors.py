"""What can go wrong: every error is an `Error` and one of Python's own exceptions."""


class Error(Exception):
    """Base of all errors of this package; the text names the value and what was expected."""


class InvalidValueError(Error, ValueError):
    """A number, name, grid or truncation that cannot be, or arrays that share memory."""


class WrongShapeError(Error, ValueError):
    """An array of another shape or length than the call needs."""


class WrongTypeError(Error, TypeError):
    """An argument of a type, or an array of a precision, that cannot be taken without loss."""


class DeviceError(Error, RuntimeError):
    """A device that is unknown, absent or failed, or an array in memory of another device than the call needs."""


class OutOfMemoryError(Error, MemoryError):
    """Memory that the system would not give."""


class UnsupportedError(Error, NotImplementedError):
    """An operator that a device does not have."""


class ForkedProcessError(Error, RuntimeError):
    """A child made by `os.fork` of a process that had already used a transform: its worker threads are not there."""


class InternalError(Error, RuntimeError):
    """A defect of the library or of this package."""


# By terrella_status of terrella.h. Null pointers and unknown handles cannot come from callers of this package.
BY_STATUS: "dict[int, type[Error]]" = {
    1: InternalError,
    2: InvalidValueError,
    3: WrongShapeError,
    4: InternalError,
    5: DeviceError,
    6: OutOfMemoryError,
    7: UnsupportedError,
    8: InternalError,
}
