"""May we: consent, suppression, quiet hours, arbitration, caps and holdout turn candidates into decisions."""
