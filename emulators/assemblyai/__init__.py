"""Stands in for AssemblyAI on loopback: recorded calls over HTTP, live ones over WebSockets."""
