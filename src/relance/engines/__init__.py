"""Where tables live: the warehouse engine and the ledger, in the only room that imports a database driver."""
