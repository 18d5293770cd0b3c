"""A key that opens the door once: only its hash is kept."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class OneTimeKey(models.Model):
    """digest: SHA-256 of the key in hex. Instants are UTC; `used_at` is empty until somebody came in by it."""

    digest = models.CharField(max_length=64, unique=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
