"""Attacks on a running server and on the decoder: what strangers, and files they made, may do."""
