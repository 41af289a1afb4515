"""What is stored under a model's name besides its table and content type, for migrations that rename a model."""

from typing import Any

from django.apps.registry import Apps

RIGHTS = ("add", "change", "delete", "view")


def rename_stored(apps: Apps, app: str, old: str, new: str) -> None:
    """Give the permissions of a renamed model and the saved views of its page the new name; roles keep theirs."""
    permissions: Any = apps.get_model("auth", "Permission").objects
    for right in RIGHTS:
        permissions.filter(content_type__app_label=app, codename=f"{right}_{old}").update(
            codename=f"{right}_{new}"
        )
    views: Any = apps.get_model("core", "SavedView").objects
    views.filter(page=f"{app}_{old}").update(page=f"{app}_{new}")
