"""The parts of a call's page around player and transcript."""
