"""Build-out over years: what to build when."""
