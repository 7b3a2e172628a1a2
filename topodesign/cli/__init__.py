"""The command line ``topodesign``: one module per command, imported only when that command runs."""
