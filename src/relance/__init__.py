"""Relance: self-hosted lifecycle marketing for e-retail."""

__version__ = "0.1.0"
