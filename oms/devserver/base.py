"""The database backend: Django's own PostgreSQL backend, which first makes sure that the embedded server runs."""

from pathlib import Path
from typing import Any

from django.db.backends.postgresql import base

from oms.devserver import server


class DatabaseWrapper(base.DatabaseWrapper):
    def get_connection_params(self) -> dict[str, Any]:
        folder, name = (
            Path(self.settings_dict["DATA_FOLDER"]),
            self.settings_dict["NAME"] or "postgres",
        )
        address = server.ensure_running(folder, name)
        self.settings_dict["HOST"], self.settings_dict["USER"] = address.socket_folder, address.user
        return super().get_connection_params()
