"""The Django shell: a home and its installation come in, pages in French and English go out."""
