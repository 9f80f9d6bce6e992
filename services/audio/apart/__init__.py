"""Decoding in a process of its own, which can do nothing but decode and only so much of that.

What people hand in is read by large native libraries. Where one of those crashes, hangs or is
taken over by a file, it has no keys, no files, no database and soon no process.
"""
