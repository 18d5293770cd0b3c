"""Where tables live: the warehouse engine and the ledger. The only room that imports a database driver."""
