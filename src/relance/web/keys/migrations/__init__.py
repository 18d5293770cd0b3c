"""The steps by which the tables of accounts became what they are."""
