"""The time machine: scenarios and a span of past dates come in; whom they would have written to, and why, goes out."""
