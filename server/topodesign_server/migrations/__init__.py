"""Steps from each layout of the store to the next; a server runs them when it starts."""
