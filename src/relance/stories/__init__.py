"""A retailer's own tests: stories in files come in, each is lived in a home of its own, and what differed comes out."""
