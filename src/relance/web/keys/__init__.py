"""The tables of accounts that Django does not bring along."""
