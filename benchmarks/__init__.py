"""Benchmarks: timed, seeded, one command each (see README.md here). Nothing in the library imports this."""
