"""Rules looked for in all stored calls: what is found, by one process or by several."""
