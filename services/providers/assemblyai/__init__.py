"""AssemblyAI: recorded and live calls through its SDK, which is imported here only."""
