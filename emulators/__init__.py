"""Servers on this machine that speak the protocols of cloud services, for tests and trying out."""
