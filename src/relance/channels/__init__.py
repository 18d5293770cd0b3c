"""How it leaves: a rendered message becomes a receipt."""
