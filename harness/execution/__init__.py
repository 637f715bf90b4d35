"""Runs cells: schedules them, passes records (never live objects), and alone writes the ledger."""
