"""What the tests of server, client and other clients share: a real server process, and scenarios for it."""
