"""What we say: message documents and plain values become a rendered message."""
