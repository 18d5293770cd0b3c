"""The star: tables with grain and keys, identity, consent state, touches, decisions."""
