"""Why a contact got a message or did not: each condition with what it saw, in French and in English."""
