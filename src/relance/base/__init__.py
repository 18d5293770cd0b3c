"""What every room stands on: errors, clock, time, ids, money, locale. Imports nothing of ours."""
