"""Durable jobs: taking calls in, processing them once whatever happens, and looking after both."""
