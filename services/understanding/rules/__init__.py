"""Rules: phrases, their evaluation on a call, the ready-made set, watching a call that goes on."""
