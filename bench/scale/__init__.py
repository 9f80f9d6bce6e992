"""How Partyline bears many calls: pages, search, taking in, jobs; on SQLite and PostgreSQL."""
