"""What every room stands on, importing nothing of ours: errors, clock, time, ids, money, locale."""
