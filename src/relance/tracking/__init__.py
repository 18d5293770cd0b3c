"""What happened after the send: opens, clicks and unsubscribes, kept raw, judged, and made facts of the star."""
