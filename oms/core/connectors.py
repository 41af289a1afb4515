"""Connectors to other systems by name: one registry for payment gateways, carriers, and what comes."""

from importlib import import_module
from pkgutil import iter_modules
from typing import Generic, TypeVar, cast

from django.utils.translation import gettext as _

from oms.core.errors import ConnectorError, Refused

Contract = TypeVar("Contract")


class Connectors(Generic[Contract]):
    """The connectors of one kind: the folders of a package, each with a `connector` module whose `connect()` makes it.

    A connector is loaded when it is first asked for.
    """

    def __init__(self, package: str) -> None:
        self.package = package

    @property
    def names(self) -> list[str]:
        """The names of the connectors that there are."""
        path = import_module(self.package).__path__
        return sorted(module.name for module in iter_modules(path) if module.ispkg)

    def require(self, name: str, *, field: str = "connector") -> None:
        """Raise Refused for a connector that doesn't exist."""
        if name not in self.names:
            raise Refused(self._unknown(name), code="unknown_connector", field=field)

    def get(self, name: str) -> Contract:
        """The connector of a name. Raises ConnectorError for one that doesn't exist."""
        if name not in self.names:
            raise ConnectorError(self._unknown(name), permanent=True)
        return cast("Contract", import_module(f"{self.package}.{name}.connector").connect())

    def _unknown(self, name: str) -> str:
        return _("Unknown connector %(name)s. Use one of these: %(names)s.") % {
            "name": name or "“”",
            "names": ", ".join(self.names),
        }
