"""Generated from ``protos/topodesign/v1`` by ``protos/generate.py``; do not edit."""
