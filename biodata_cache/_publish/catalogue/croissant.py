"""The tables as a Croissant description (mlcommons.org/croissant/1.0)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from biodata_cache._core import layout as _layout
from biodata_cache._core.registry.document import as_json
from biodata_cache._publish.catalogue.database import paths_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from biodata_cache._core.registry.entries import CacheRegistry, TableEntry

_TYPES = {
    "BIGINT": "sc:Integer",
    "BOOLEAN": "sc:Boolean",
    "DATE": "sc:Date",
    "DOUBLE": "sc:Float",
    "INTEGER": "sc:Integer",
    "TIMESTAMP": "sc:DateTime",
    "TIMESTAMP WITH TIME ZONE": "sc:DateTime",
}
# The context of version 1.0, as the specification gives it.
_CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}


def croissant(version_folder: str, registry: CacheRegistry, home: str) -> bytes:
    """The Croissant description of one build, with the address of the folder of all versions.

    The addresses of files start from the folder of the description. Only
    single-file tables are described: Croissant has no form for a table of several files, except
    archives. Foreign keys are only in the Data Package: tools of Croissant would join by them.
    """
    one_file = {
        entry.name: paths[0]
        for entry in registry
        if len(paths := paths_of(version_folder, entry)) == 1
    }
    described = [entry for entry in registry if entry.name in one_file]
    return as_json(
        {
            "@context": _CONTEXT,
            "@type": "sc:Dataset",
            "conformsTo": "http://mlcommons.org/croissant/1.0",
            "name": "biodata-cache",
            "description": "Metadata records of neuroscience data assets as typed tables.",
            "url": f"{home}/{version_folder}",
            "version": version_folder.removeprefix("bdc-v"),
            "datePublished": registry.built_at,
            "isLiveDataset": True,
            "distribution": [
                _file(entry, one_file[entry.name], version_folder) for entry in described
            ],
            "recordSet": [_record_set(entry) for entry in described],
        }
    )


def _file(entry: TableEntry, path: str, version_folder: str) -> dict[str, Any]:
    start = f"{version_folder}/"
    objects = {_layout.object_path(each.name): each for each in entry.objects}
    size, sha256 = entry.bytes, entry.sha256
    if path in objects:
        size, sha256 = objects[path].bytes, objects[path].sha256
    return {
        "@type": "cr:FileObject",
        "@id": f"{entry.name}.pqt",
        "name": f"{entry.name}.pqt",
        "contentUrl": path.removeprefix(start) if path.startswith(start) else f"../{path}",
        "contentSize": f"{size} B",
        "encodingFormat": "application/x-parquet",
        "sha256": sha256,
    }


def _record_set(entry: TableEntry) -> dict[str, Any]:
    return {
        "@type": "cr:RecordSet",
        "@id": entry.name,
        "name": entry.name,
        "description": entry.description,
        "key": [{"@id": f"{entry.name}/{name}"} for name in entry.primary_key],
        "field": [*_fields(entry)],
    }


def _fields(entry: TableEntry) -> Iterator[dict[str, Any]]:
    for column in entry.columns:
        kind, is_list = column.type or "", (column.type or "").endswith("[]")
        yield {
            "@type": "cr:Field",
            "@id": f"{entry.name}/{column.name}",
            "name": column.name,
            "description": column.description,
            "dataType": _TYPES.get(kind.removesuffix("[]"), "sc:Text"),
            **({"repeated": True} if is_list else {}),
            "source": {
                "fileObject": {"@id": f"{entry.name}.pqt"},
                "extract": {"column": column.name},
            },
        }
