"""Figures become SVG, drawn by the server; colours come from the style sheet."""
