"""The version of this package; the library's must be the same."""

VERSION = "0.1.0"
