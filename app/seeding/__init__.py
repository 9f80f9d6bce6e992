"""A made-up history of calls without sound: for trying things out and for measuring at scale.

Downwards: ``loading`` puts batches into the database and takes them out, ``batches`` makes their
rows, ``calls`` makes up a call, ``talk`` what is said in it, ``team`` and ``words`` who and what
there is. The same seed makes the same history, batch by batch, whichever process makes it.
"""
