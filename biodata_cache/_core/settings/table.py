"""Every setting in one table: its variable, how it is read, its default, what it means.

`load` reads them, `doctor` knows a misspelt one by it, and the options of the command line and the
list in the README are made of it. A new setting is an entry here and an attribute of `Settings`.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import partial
from typing import Any

from biodata_cache._core.settings import parsers
from biodata_cache._core.settings.parsers import PREFIX, Parser

DEFAULT_S3_ROOT = "s3://allen-data-views"
DEFAULT_MOUNT = "/data/data-asset-cache"
"""Where Code Ocean mounts the folder of the cache of that bucket."""
NO_SOURCE = "none"
_LEAST_MEMORY = 10**7


@dataclass(frozen=True)
class Setting:
    """One setting.

    Attributes:
        name: Its variable, without the prefix.
        parse: How its text is read.
        default: Text used if none is set; empty if other settings or the system decide.
        help: What it means, in one line.
        shown_default: The default in words, where it is not a text.
    """

    name: str
    parse: Parser
    default: str
    help: str
    shown_default: str = ""

    @property
    def variable(self) -> str:
        """Name of the environment variable."""
        return PREFIX + self.name

    @property
    def option(self) -> str:
        """Name of the option, for example `--v1-source`."""
        return "--" + self.name.lower().replace("_", "-")

    def text(self, given: str | None) -> str:
        """The text that is given, or else the variable; empty if neither is set.

        Blanks around it are left out, unless they are of the name of a file or folder.
        """
        text = os.environ.get(self.variable, "") if given is None else given
        stripped = text.strip()
        return text if text != stripped and stripped and parsers.is_there(text) else stripped

    def value(self, given: str | None = None) -> Any:  # noqa: ANN401  # as the parser makes it
        """The value; None if there is neither a text nor a default.

        Raises:
            SettingsError: If it cannot be used.
        """
        text = self.text(given) or self.default
        return self.parse(self.name, text) if text else None


_ALL = (
    Setting(
        "ROOT",
        parsers.as_root,
        "",
        "Where the cache is published and read: a folder, or `s3://bucket[/prefix]`.",
        f"S3: `{DEFAULT_S3_ROOT}`",
    ),
    Setting("VERSION", parsers.version_folder, "", "Version to read.", "the installed one"),
    Setting(
        "LOCAL_CACHE",
        parsers.as_local_cache,
        "",
        "Folder of local copies of objects from S3, of the list of verified objects, and of parsed "
        "dbt projects, or `off`; it may be removed at any time.",
        "`biodata-cache/copies` where the system keeps caches",
    ),
    Setting(
        "LOCAL_CACHE_SIZE",
        parsers.as_bytes(),
        "5GB",
        "Maximum total size of these copies; the most recently used are kept.",
    ),
    Setting(
        "SOURCE",
        parsers.as_location,
        "https://api.allenneuraldynamics.org",
        "Where records come from: `sample`, `sample:N`, a file or folder, `mongodb://…` or "
        "`https://…`.",
        "the public gateway",
    ),
    Setting(
        "SOURCE_FILE",
        parsers.from_file,
        "",
        "File that holds the address of the source, for one with a password.",
        "none",
    ),
    Setting("DATABASE", parsers.as_text, "metadata_index", "Database of the records."),
    Setting("COLLECTION", parsers.as_text, "data_assets", "Collection of the records."),
    Setting(
        "V1_SOURCE",
        parsers.as_location,
        "",
        "Where records of version 1 come from, or `none`.",
        "the same gateway or sample, else `none`",
    ),
    Setting(
        "V1_DATABASE", parsers.as_text, "metadata_index", "Database of the records of version 1."
    ),
    Setting(
        "V1_COLLECTION", parsers.as_text, "data_assets", "Collection of the records of version 1."
    ),
    Setting(
        "RETRY_SECONDS",
        parsers.at_least(0),
        "300",
        "Seconds without progress after which a database or a bucket counts as unreachable.",
    ),
    Setting("WORKERS", parsers.at_least(1, int), "4", "Number of threads that fetch records."),
    Setting(
        "OBJECTS",
        parsers.as_objects,
        "",
        "Where the files of the assets are: `s3`, a folder of buckets, or `none`.",
        "the sample's own; `none` for files; else `s3`",
    ),
    Setting(
        "FORAGING_DATABASE",
        partial(parsers.as_root, has_option=False),
        "",
        "Folder or `s3://bucket[/prefix]` with `sessions.parquet`, `trials.parquet` and "
        "`events.parquet` of the dynamic-foraging database.",
        "the sample's own; else none, and no such tables",
    ),
    Setting(
        "WORK",
        parsers.as_path,
        ".biodata-cache",
        "Folder of the lake, the build area and dbt's files.",
    ),
    Setting(
        "RAW",
        parsers.as_location,
        "",
        "The raw lake: a folder, or `s3://bucket/prefix`.",
        "`<work>/raw`",
    ),
    Setting(
        "BACKEND",
        parsers.as_backend,
        "",
        "`LOCAL`, `S3`, or `MEMORY`: the first read builds the tables of the source in this "
        "process. `CODEOCEAN`: a mounted copy of the bucket, by default `/data/data-asset-cache`, "
        "which is only read.",
        "by the root",
    ),
    Setting(
        "REQUESTER_PAYS",
        parsers.as_flag,
        "no",
        "Whether the reader pays for requests to S3, as some buckets require: `yes` or `no`.",
    ),
    Setting(
        "KEEP_DAYS",
        parsers.as_count,
        "14",
        "Days for which a build can be read and restored after it was replaced.",
    ),
    Setting(
        "GRACE_HOURS",
        parsers.as_count,
        "24",
        "Further hours for which its objects are kept, for readers that are still open.",
    ),
    Setting(
        "DUCKDB_WASM",
        parsers.as_web_folder,
        "",
        "Address of a folder of npm packages with DuckDB-WASM 1.28.0: the catalogue page has a box "
        "for SQL then, which loads it from there.",
        "none",
    ),
    Setting(
        "MEMORY",
        parsers.as_bytes(_LEAST_MEMORY),
        "3GB",
        "Memory that DuckDB may use while it builds.",
    ),
    Setting(
        "TEMP_DISK",
        parsers.as_bytes(_LEAST_MEMORY),
        "50GB",
        "Disk that its temporary files may take in the work folder while it builds.",
    ),
    Setting(
        "ON_FINISH",
        parsers.as_text,
        "",
        "Shell command that runs at the end of each run, with the file of its report in the "
        "variable `BIODATA_CACHE_RUN_REPORT`.",
        "none",
    ),
    Setting(
        "METRICS",
        parsers.as_path,
        "",
        "File with metrics of the last runs, for a textfile collector of Prometheus.",
        "none",
    ),
)
SETTINGS = {setting.name: setting for setting in _ALL}
