"""Child processes and what they take: what the service and sweeps share. Needs no other room."""
