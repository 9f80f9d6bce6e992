"""Azure Speech: recorded and live calls through Microsoft's SDKs, which are imported here only."""
