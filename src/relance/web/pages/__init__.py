"""One module a page: what was asked comes in, the filled page goes out."""
