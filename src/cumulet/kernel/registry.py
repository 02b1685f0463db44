"""Which services there are: the packages of one folder, imported when first called."""

from __future__ import annotations

import fnmatch
import functools
import importlib
import importlib.util
import keyword
import pkgutil
from types import ModuleType

from cumulet.kernel.checks import Check
from cumulet.kernel.service import Service


class Registry:
    """The services in the package named `home`."""

    def __init__(self, home: str) -> None:
        self._home = home

    @functools.cached_property
    def names(self) -> tuple[str, ...]:
        """As boto3 names them, sorted, without importing any."""
        package = importlib.import_module(self._home)
        return tuple(sorted(service_name(m.name) for m in pkgutil.iter_modules(package.__path__) if m.ispkg))

    def load(self, name: str) -> type[Service]:
        """The service class that the package exports. Raises KeyError for a service that is not here."""
        found = self._loaded.get(name)
        if found is None:
            if name not in self.names:
                raise KeyError(name)
            found = self._loaded[name] = _exported(importlib.import_module(self._package(name)))
        return found

    def is_loaded(self, name: str) -> bool:
        return name in self._loaded

    def subscribers(self, event_type: str) -> list[str]:
        """The handlers ("service.method") of an event's type.

        A service subscribes with a module `events.py` holding SUBSCRIPTIONS: pattern of types -> method."""
        return [
            f"{name}.{method}"
            for name, subscriptions in self._subscriptions.items()
            for pattern, method in subscriptions.items()
            if fnmatch.fnmatchcase(event_type, pattern)
        ]

    def module(self, service: str, name: str) -> ModuleType | None:
        """The module of that name in a service's package, imported; None if there is none."""
        key = (service, name)
        if key not in self._modules:
            path = f"{self._package(service)}.{name}"
            there = service in self.names and importlib.util.find_spec(path) is not None
            self._modules[key] = importlib.import_module(path) if there else None
        return self._modules[key]

    def checks(self) -> list[Check]:
        """What the services that were called know to check in the store: `check` of their modules `checks.py`."""
        modules = [f"{self._package(name)}.checks" for name in self._loaded]
        found = [importlib.import_module(name) for name in modules if importlib.util.find_spec(name) is not None]
        return [module.check for module in found]

    def _package(self, service: str) -> str:
        return f"{self._home}.{package_name(service)}"

    @functools.cached_property
    def _modules(self) -> dict[tuple[str, str], ModuleType | None]:
        return {}

    @functools.cached_property
    def _loaded(self) -> dict[str, type[Service]]:
        return {}

    @functools.cached_property
    def _subscriptions(self) -> dict[str, dict[str, str]]:
        modules = {name: f"{self._package(name)}.events" for name in self.names}
        return {
            name: importlib.import_module(module).SUBSCRIPTIONS
            for name, module in modules.items()
            if importlib.util.find_spec(module) is not None
        }


def package_name(service: str) -> str:
    """The folder of a service: "cognito-idp" lies in cognito_idp, "lambda" in lambda_."""
    name = service.replace("-", "_")
    return name + "_" if keyword.iskeyword(name) else name


def service_name(package: str) -> str:
    """The service in a folder, as boto3 names it; no such name has an underscore."""
    return package.removesuffix("_").replace("_", "-")


def _exported(package: ModuleType) -> type[Service]:
    classes = [v for v in vars(package).values() if isinstance(v, type) and issubclass(v, Service) and v.name]
    assert len(classes) == 1, f"{package.__name__} exports one service class"
    return classes[0]
