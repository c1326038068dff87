"""Where the dbt project and the extractors are: the checkout, or the copy inside the wheel."""

from __future__ import annotations

import importlib.util
import sys
from functools import lru_cache
from pathlib import Path

from biodata_cache._core.errors import BuildError, MissingDependencyError


@lru_cache(maxsize=1)
def project_folder() -> Path:
    """Folder that holds `dbt_project.yml`.

    Raises:
        BuildError: If the package is neither a checkout nor an installed wheel.
    """
    package = Path(__file__).resolve().parents[1]
    for folder in (package.parent, package / "_project"):
        if (folder / "dbt_project.yml").is_file():
            return folder
    raise BuildError(
        f"The dbt project is neither beside nor inside {package}: "
        "install biodata-cache again, or work in a checkout."
    )


def published_names() -> list[str]:
    """Names of the tables that the project publishes.

    Raises:
        BuildError: If the package is neither a checkout nor an installed wheel.
    """
    return sorted(path.stem for path in (project_folder() / "models/cache").rglob("*.sql"))


def import_extract() -> None:
    """Make `import extract` work in an installed package as it does in a checkout.

    The wheel carries `extract/` inside this package, so that it takes no name of its own in an
    environment; here it gets the name that its modules call each other by.

    Raises:
        BuildError: If another package named `extract` is already imported.
    """
    folder = project_folder() / "extract"
    known = sys.modules.get("extract")
    if known is None:
        spec = importlib.util.spec_from_file_location(
            "extract", folder / "__init__.py", submodule_search_locations=[str(folder)]
        )
        if spec is None or spec.loader is None:  # a loader is a matter of the file's suffix
            raise BuildError(f"{folder} is no package: install biodata-cache again.")
        module = importlib.util.module_from_spec(spec)
        sys.modules["extract"] = module
        spec.loader.exec_module(module)
    elif Path(str(known.__file__)).resolve().parent != folder:
        raise BuildError(
            f"Another package called 'extract' is in use ({known.__file__}): "
            "run this in a process that does not import it."
        )


def require(*modules: str, extra: str = "sync") -> None:
    """Check that what building needs is installed.

    Raises:
        MissingDependencyError: If a package is not installed.
    """
    missing = [name for name in modules if importlib.util.find_spec(name) is None]
    if missing:
        raise MissingDependencyError(
            f"{', '.join(missing)} is not installed: building the cache needs "
            f"pip install 'biodata-cache[{extra}]'."
        )
