"""What Django is told of this folder of models."""

from django.apps import AppConfig


class KeysConfig(AppConfig):
    """Keys that open the door once."""

    name = "relance.web.keys"
    label = "keys"
    default_auto_field = "django.db.models.BigAutoField"
