"""What `make bench` measures; no part of the test run."""
