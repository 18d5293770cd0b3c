"""What it was worth: decisions, messages, reactions and orders come in; counts, money and effects go out."""
