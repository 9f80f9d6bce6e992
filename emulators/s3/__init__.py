"""An S3 server on loopback: path style, signed requests only, objects in a folder."""

from emulators.s3.server import S3Server

__all__ = ["S3Server"]
