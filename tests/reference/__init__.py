"""The slow reference model: a small world goes in, the decisions that semantics.md demands come out."""
