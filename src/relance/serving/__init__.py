"""A home, served: pages, turns, imports and senders in the hands of the one process that owns its warehouse."""
