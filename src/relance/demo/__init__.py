"""A made-up cooperative of bookshops, to see everything work in a minute."""
