"""Retailer files become checked rows of the star; what cannot be read is kept with its reason."""
