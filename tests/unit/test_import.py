"""What `import biodata_cache` brings, and what it does not."""

from __future__ import annotations

import inspect
import pydoc
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import biodata_cache
from biodata_cache import _functions, tables
from biodata_cache._core import errors
from biodata_cache._core.names import TABLE_FUNCTIONS

PACKAGE = Path(biodata_cache.__file__).parent
HEAVY = {
    "pandas",
    "numpy",
    "duckdb",
    "_duckdb",
    "boto3",
    "dbt",
    "pyarrow",
    "click",
    "importlib.metadata",
}


def run(code: str, *options: str) -> str:
    """Output of code in a new interpreter that finds this package."""
    code = f"import sys; sys.path.insert(0, {str(PACKAGE.parent)!r}); {code}"
    return subprocess.run(
        [sys.executable, *options, "-c", code], check=True, capture_output=True, text=True
    ).stdout


def test_import_loads_nothing_heavy():
    before = "before = set(sys.modules); import biodata_cache; print(*(set(sys.modules) - before))"
    assert HEAVY & set(run(before).split()) == set()


def test_import_needs_no_other_package():
    # -S leaves out site-packages: whatever is not in the standard library is missing.
    assert run(
        "import biodata_cache; print(biodata_cache.SettingsError.__name__)", "-S"
    ).split() == ["SettingsError"]


def test_reading_the_registry_loads_no_pandas():
    code = "import biodata_cache; biodata_cache.get_cache_registry; print(*sys.modules)"
    assert {"pandas", "duckdb"} & set(run(code).split()) == set()


def test_the_command_line_loads_no_duckdb_before_a_command_needs_it():
    code = "import biodata_cache._cli; print(*sys.modules)"
    assert {"pandas", "duckdb"} & set(run(code).split()) == set()


def test_all_is_sorted_and_without_doubles():
    assert biodata_cache.__all__ == sorted(set(biodata_cache.__all__))


@pytest.mark.slow
def test_type_checkers_see_all_names(tmp_path):
    names = [*biodata_cache.__all__, "NO_NAME_OF_OURS"]
    calls = ["reveal_type(tables.assets())", "tables.assets(no_column=1)"]
    lines = ["from biodata_cache import tables", *(f"from biodata_cache import {n}" for n in names)]
    program = tmp_path / "program.py"
    program.write_text("\n".join([*lines, *calls]))
    checked = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", program],
        capture_output=True,
        text=True,
        check=False,
        cwd=PACKAGE.parent,  # its cache is that of `make lint`
    )
    unknown, revealed, refused = re.findall(r"program\.py:.*", checked.stdout)
    assert "NO_NAME_OF_OURS" in unknown
    assert "pandas.core.frame.DataFrame" in revealed
    assert 'Unexpected keyword argument "no_column"' in refused


def test_type_checkers_see_no_name_that_is_not_there():
    # Both are imported whole.
    for module in (errors, _functions):
        defined = {
            name
            for name, value in vars(module).items()
            if getattr(value, "__module__", "") == module.__name__ and not name.startswith("_")
        }
        assert defined <= set(biodata_cache.__all__)
        assert len(defined) > 10


def test_every_name_resolves_to_what_it_is_called():
    names = set(biodata_cache.__all__) - {"__version__"}
    assert len(names) > 30
    for name in names:
        assert getattr(biodata_cache, name).__name__ == name


def test_every_table_function_is_public():
    assert set(tables.__all__) <= set(biodata_cache.__all__)
    assert sorted(tables.__all__) == sorted(TABLE_FUNCTIONS)
    assert set(TABLE_FUNCTIONS) <= set(dir(tables))
    modules = [import_module(f"{tables.__name__}.{area}") for area in set(TABLE_FUNCTIONS.values())]
    defined = {
        name: module.__name__.rpartition(".")[2]
        for module in modules
        for name, value in vars(module).items()
        if getattr(value, "__module__", "") == module.__name__ and not name.startswith("_")
    }
    assert defined == TABLE_FUNCTIONS
    for name in TABLE_FUNCTIONS:
        assert getattr(biodata_cache, name) is getattr(tables, name)
    assert not hasattr(tables, "no_such_table")


def test_every_error_is_a_cache_error():
    names = [name for name in biodata_cache.__all__ if name.endswith("Error")]
    assert len(names) > 5
    for name in names:
        assert issubclass(getattr(biodata_cache, name), biodata_cache.CacheError)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no_such_table"):
        biodata_cache.no_such_table  # noqa: B018
    assert not hasattr(biodata_cache, "pd")


def test_dir_shows_names_before_they_are_used():
    assert "asset_basics" in run("import biodata_cache; print(*dir(biodata_cache))").split()


def test_the_package_is_marked_as_typed():
    assert (PACKAGE / "py.typed").is_file()


def test_columns_are_named_in_signatures():
    shown = inspect.signature(biodata_cache.assets).parameters
    assert {"columns", "name", "modalities", "limit"} <= set(shown)
    assert repr(shown["name"].default) == "..."
    assert list(inspect.signature(biodata_cache.qc).parameters)[:2] == ["subject_id", "asset_names"]


def test_help_names_the_columns_with_their_texts():
    text = pydoc.render_doc(biodata_cache.assets, renderer=pydoc.plaintext)
    assert "subject_id: Subject, `subject.subject_id` of the record. A text:" in text
    for name in ("quality_control", "qc", "platform_fib", "assets_smartspim", "unique_genotypes"):
        assert "\nColumns:\n    " in inspect.getdoc(getattr(biodata_cache, name)), name
    assert "Columns:" not in inspect.getdoc(biodata_cache.metadata_upgrade), "any may be there"


@pytest.mark.filterwarnings("default")  # of the packages that complete
def test_columns_complete_in_jupyter():
    jedi = pytest.importorskip("jedi")
    for call in ("assets(moda", "quality_control(stat", "asset_basics(lim"):
        result = jedi.Interpreter(f"biodata_cache.{call}", [{"biodata_cache": biodata_cache}])
        assert [each.name for each in result.complete()][:1] != [], call
