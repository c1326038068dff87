"""The database and the descriptions that lie beside the registry, of tables of any kind."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from biodata_cache import CacheRegistry, RegistryError, TableEntry
from biodata_cache._core.registry.entries import ColumnEntry, ForeignKey, ObjectFile
from biodata_cache._publish.catalogue.croissant import croissant
from biodata_cache._publish.catalogue.database import database
from biodata_cache._publish.catalogue.datapackage import datapackage
from biodata_cache._publish.snapshots.public_files import PublicFile

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = "bdc-v0.50.0"
COLUMNS = (
    ColumnEntry("name", "It's the name.", "VARCHAR"),
    ColumnEntry("modalities", "", "VARCHAR[]"),
    ColumnEntry("at", "", "TIMESTAMP WITH TIME ZONE"),
)
ROW = "select '{}' as name, ['fib'] as modalities, timestamptz '2026-01-31' as at"


def an_object(letter: str) -> ObjectFile:
    return ObjectFile(f"{letter * 64}.pqt", 1, 99, letter * 64)


ASSETS = TableEntry(
    name="assets",
    description='One "row" per asset.',
    location=f"s3://bucket/data-asset-cache/{FOLDER}/assets.pqt",
    type="metadata",
    columns=COLUMNS,
    files=1,
    sha256="c" * 64,
    bytes=99,
    primary_key=("name",),
    objects=(an_object("c"),),
)
QC = replace(
    ASSETS,
    name="quality_control",
    location=f"s3://bucket/data-asset-cache/{FOLDER}/qc",
    partitioned=True,
    partition_key="name",
    files=2,
    objects=(an_object("a"), an_object("b")),
    foreign_keys=(ForeignKey("name", "assets", "name"),),
)
RECORDS = replace(
    ASSETS,
    name="records",
    files=0,
    foreign_keys=(ForeignKey("name", "assets", "name"),),
)
FILES = [
    PublicFile("assets.pqt", "assets", None, 1, 99, "c" * 64),
    PublicFile("qc/name=a/data.pqt", "quality_control", "a", 1, 99, "d" * 64),
    PublicFile("qc/name=b/data.pqt", "quality_control", "b", 1, 99, "e" * 64),
]
REGISTRY = CacheRegistry((ASSETS, QC, RECORDS), built_at="2026-01-31T00:00:00Z")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A root whose name is a pattern, too, with its files and the database that was made for it."""
    root = tmp_path / "it's [a] *root* key=1"
    home = root / "data-asset-cache"
    (home / FOLDER).mkdir(parents=True)
    (home / ".objects").mkdir()
    places = {
        home / FOLDER / "assets.pqt": "assets",
        **{home / f".objects/{letter * 64}.pqt": letter for letter in "abc"},
    }
    for path, name in places.items():
        path.write_bytes(b"")
        with duckdb.connect() as duck:
            duck.execute(f"copy ({ROW.format(name)}) to $1 (format parquet)", [str(path)])
    (home / FOLDER / "biodata_cache.duckdb").write_bytes(database(FOLDER, REGISTRY, str(root)))
    return root


def attached(root: Path) -> duckdb.DuckDBPyConnection:
    duck = duckdb.connect()
    path = str(root / f"data-asset-cache/{FOLDER}/biodata_cache.duckdb").replace("'", "''")
    duck.execute(f"attach '{path}' as cache (read_only)")
    return duck


def test_every_table_is_a_view_of_its_file_or_its_objects(root: Path) -> None:
    with attached(root) as duck:
        names = [duck.execute(f"select name from cache.{it.name}").fetchall() for it in REGISTRY]
        assert names == [[("assets",)], [("a",), ("b",)], [("c",)]]
        assert duck.execute("from cache.assets").fetchall()[0][1] == ["fib"]
        comment = "select comment from duckdb_{}() where comment <> '' order by all limit 1"
        assert duck.execute(comment.format("views")).fetchone() == (ASSETS.description,)
        assert duck.execute(comment.format("columns")).fetchone() == ("It's the name.",)


def test_the_views_of_a_copy_read_where_the_reader_says(root: Path, tmp_path: Path) -> None:
    moved = shutil.move(root, tmp_path / "moved")
    with attached(moved) as duck:
        with pytest.raises(duckdb.IOException, match="No files found"):
            duck.execute("from cache.assets")
        duck.execute(f"set variable biodata_cache_root = '{moved}'")
        assert duck.execute("select count(*) from cache.quality_control").fetchone() == (2,)


def test_the_same_tables_give_the_same_bytes(root: Path) -> None:
    written = (root / f"data-asset-cache/{FOLDER}/biodata_cache.duckdb").read_bytes()
    assert database(FOLDER, REGISTRY, str(root)) == written
    assert database(FOLDER, REGISTRY, "s3://bucket") != written


def test_tables_of_publishers_of_before_without_types_or_objects_have_no_view(
    tmp_path: Path,
) -> None:
    untyped = replace(ASSETS, name="untyped", columns=(ColumnEntry("name"),))
    listed = replace(QC, name="listed", objects=())
    path = tmp_path / "cache.duckdb"
    path.write_bytes(database(FOLDER, CacheRegistry((ASSETS, untyped, listed)), "s3://bucket"))
    with duckdb.connect(str(path), read_only=True) as duck:
        assert duck.execute("show tables").fetchall() == [("assets",)]


def test_a_type_that_is_none_is_an_error() -> None:
    odd = replace(ASSETS, columns=(ColumnEntry("name", "", "NOTHING"),))
    with pytest.raises(RegistryError, match=r"cannot make a view of .*NOTHING"):
        database(FOLDER, CacheRegistry((odd,)), "s3://bucket")


def resources(home: str) -> dict[str, Any]:
    package = json.loads(datapackage(FOLDER, REGISTRY, FILES, home))
    return {each["name"]: each for each in package["resources"]}


def test_a_data_package_leads_into_its_folder() -> None:
    result = resources("/some/data-asset-cache")
    assert {name: each["path"] for name, each in result.items()} == {
        "assets": "assets.pqt",
        "quality_control": ["qc/name=a/data.pqt", "qc/name=b/data.pqt"],
    }
    schema = result["quality_control"]["schema"]
    assert [each["type"] for each in schema["fields"]] == ["string", "array", "datetime"]
    assert schema["primaryKey"] == ["name"]
    assert schema["foreignKeys"] == [
        {"fields": ["name"], "reference": {"resource": "assets", "fields": ["name"]}}
    ]


def test_a_data_package_of_a_bucket_has_the_addresses_of_objects() -> None:
    home = "s3://bucket/data-asset-cache"
    result = resources(home)
    assert result["assets"]["path"] == "assets.pqt"
    assert result["quality_control"]["path"] == [f"{home}/.objects/{it * 64}.pqt" for it in "ab"]
    assert result["records"]["path"] == f"{home}/.objects/{'c' * 64}.pqt"


def test_croissant_describes_tables_of_one_file() -> None:
    result = json.loads(croissant(FOLDER, REGISTRY, "s3://bucket/data-asset-cache"))
    assert [(each["name"], each["contentUrl"]) for each in result["distribution"]] == [
        ("assets.pqt", "assets.pqt"),
        ("records.pqt", f"../.objects/{'c' * 64}.pqt"),
    ]
    (assets, _) = result["recordSet"]
    assert assets["key"] == [{"@id": "assets/name"}]
    assert [each["dataType"] for each in assets["field"]] == ["sc:Text", "sc:Text", "sc:DateTime"]
    assert [each.get("repeated") for each in assets["field"]] == [None, True, None]
