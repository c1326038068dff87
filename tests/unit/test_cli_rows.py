"""Reading rows from the command line: `read` and `sql`."""

from __future__ import annotations

import csv
import fcntl
import io
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
from click.testing import CliRunner, Result
from published_cache import Published, qc_rows

from biodata_cache._cli import cli

if TYPE_CHECKING:
    from pathlib import Path

COMMAND = [sys.executable, "-m", "biodata_cache"]
ASSETS = """
    select
        *,
        timestamptz '2024-01-31 08:50:58-08:00' + interval (age) day as started_at,
        map {'fib': 'Pass'} as status_by_modality,
    from (
        values
            ('a', ['fib', 'SPIM'], 1, 0.5::double, true),
            ('0451', ['SPIM'], 2, 'nan'::double, false),
            (null, [], 3, null, true),
            ('', null, null, 1, false),
            ('x"; drop', ['a b'], 5, 2, null),
            ('tab\t', ['fib'], 6, 3, true)
    ) as assets(name, modalities, age, duration_s, is_raw)
"""


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Published:
    """Assets, and quality control in partitions; tests must not change them."""
    published = Published(tmp_path_factory.mktemp("published"))
    published.plain("assets", ASSETS)
    published.partitioned(
        "quality_control", "qc", "subject_id", {key: qc_rows(key) for key in ("0451", "451", "")}
    )
    return published


@pytest.fixture
def assets(published: Published, monkeypatch: pytest.MonkeyPatch) -> Published:
    monkeypatch.setenv("BIODATA_CACHE_ROOT", str(published.root))
    monkeypatch.setenv("BIODATA_CACHE_VERSION", published.version)
    return published


@pytest.mark.parametrize("arguments", [["read", "assets"], ["sql", "select * from assets"]])
def test_rows_need_no_pandas_which_takes_longer_than_all_the_rest(
    tmp_path: Path, arguments: list[str]
) -> None:
    published = Published(tmp_path)
    published.plain("assets", ASSETS)
    published.build()
    location = {"BIODATA_CACHE_ROOT": str(tmp_path), "BIODATA_CACHE_VERSION": published.version}
    code = (
        "import sys; from biodata_cache._cli import cli; cli(sys.argv[1:], standalone_mode=False); "
        "print({'numpy', 'pandas', 'pyarrow'} & set(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env=os.environ | location,
        check=True,
        capture_output=True,
        text=True,
    )
    assert "a b" in done.stdout
    assert done.stderr.splitlines()[-1] == "set()"


def run(*arguments: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(cli, arguments, input=stdin)


def rows(*arguments: str) -> list[dict[str, Any]]:
    done = run(*arguments, "--json")
    assert done.exit_code == 0, done.stderr
    result: list[dict[str, Any]] = json.loads(done.stdout)
    return result


def names(*conditions: str) -> list[str | None]:
    where = [word for condition in conditions for word in ("--where", condition)]
    return [row["name"] for row in rows("read", "assets", "--columns", "name", *where)]


@pytest.mark.parametrize(
    ("conditions", "kept"),
    [
        ([], ["a", "0451", None, "", 'x"; drop', "tab\t"]),
        (["name=0451"], ["0451"]),
        (["name=451"], []),
        (["name="], [""]),
        (["name is null"], [None]),
        (["name is not null"], ["a", "0451", "", 'x"; drop', "tab\t"]),
        (["modalities is not null"], ["a", "0451", None, 'x"; drop', "tab\t"]),
        (["is_raw is not null", "name is not null"], ["a", "0451", "", "tab\t"]),
        (['name=x"; drop'], ['x"; drop']),
        (["name=' or 1=1 --"], []),
        (["name=a", "name=0451"], ["a", "0451"]),
        (["modalities=fib"], ["a", "tab\t"]),
        (["modalities=fib", "age>=2"], ["tab\t"]),
        (["age>=2", "age<=5"], ["0451", None, 'x"; drop']),
        (["age is null"], [""]),
        (["is_raw=false"], ["0451", ""]),
        (["duration_s<=0.5"], ["a"]),
        (["started_at>=2024-02-05"], ['x"; drop', "tab\t"]),
        (["started_at>=2024-02-02", "started_at<=2024-02-02"], ["0451"]),
    ],
)
def test_conditions_keep_rows(
    assets: Published, conditions: list[str], kept: list[str | None]
) -> None:
    assert names(*conditions) == kept


def test_conditions_know_the_types_that_an_older_publisher_did_not_write_down(
    cache: Published,
) -> None:
    cache.plain("assets", ASSETS)
    for column in cache.entries[-1]["columns"]:
        column.pop("type", None)
    cache.write_registry()
    assert names("age>=5", "is_raw=true") == ["tab\t"]


def test_a_partition_is_one_file(qc_cache: Published) -> None:
    (qc_cache.folder / "qc/subject_id=451/data.pqt").write_bytes(b"nobody reads this")
    result = rows("read", "quality_control", "--where", "subject_id=0451")
    assert [row["subject_id"] for row in result] == ["0451", "0451"]


def test_json_has_every_kind_of_value(assets: Published) -> None:
    first, second, third = rows("read", "assets", "--limit", "3")
    assert first == {
        "name": "a",
        "modalities": ["fib", "SPIM"],
        "age": 1,
        "duration_s": 0.5,
        "is_raw": True,
        "started_at": "2024-02-01T16:50:58Z",
        "status_by_modality": {"fib": "Pass"},
    }
    assert second["duration_s"] is None
    assert third["modalities"] == []
    assert rows("read", "assets", "--where", "name=nobody") == []


def test_no_digit_is_lost(assets: Published) -> None:
    query = "select 12345678901234567890.123456789::decimal(38, 9) as long, 1.50 as short"
    assert run("sql", query).stdout == "long,short\n12345678901234567890.123456789,1.5\n"


def test_a_limit_may_be_larger_than_any_table(assets: Published) -> None:
    assert len(rows("read", "assets", "--limit", str(10**30))) == 6


def test_a_file_is_written_where_a_link_leads(assets: Published, tmp_path: Path) -> None:
    (tmp_path / "link.csv").symlink_to(tmp_path / "file.csv")
    assert run("sql", "select 1 as one", "-o", str(tmp_path / "link.csv")).exit_code == 0
    assert (tmp_path / "link.csv").is_symlink()
    assert (tmp_path / "file.csv").read_text() == "one\n1\n"


def test_csv_can_be_read_back(assets: Published) -> None:
    text = run("read", "assets").stdout
    head, *result = csv.reader(io.StringIO(text))
    assert head[:3] == ["name", "modalities", "age"]
    assert [row[0] for row in result] == ["a", "0451", "", "", 'x"; drop', "tab\t"]
    assert json.loads(result[0][1]) == ["fib", "SPIM"]


def test_no_further_package_is_needed_for_times(
    assets: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pytz", None)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert rows("sql", "select started_at from assets where age = 1") == [
        {"started_at": "2024-02-01T16:50:58Z"}
    ]


def test_parquet_keeps_types(assets: Published, tmp_path: Path) -> None:
    path = tmp_path / "assets.parquet"
    done = run("read", "assets", "--columns", "started_at,modalities", "-o", str(path))
    assert (done.exit_code, done.stdout) == (0, "")
    assert [str(kind) for kind in duckdb.read_parquet(str(path)).types] == [
        "TIMESTAMP WITH TIME ZONE",
        "VARCHAR[]",
    ]


def test_parquet_goes_through_a_pipe(assets: Published, tmp_path: Path) -> None:
    done = subprocess.run(
        [*COMMAND, "read", "assets", "--format", "parquet"], capture_output=True, check=True
    )
    (tmp_path / "piped.parquet").write_bytes(done.stdout)
    assert len(duckdb.read_parquet(str(tmp_path / "piped.parquet"))) == 6


def test_a_file_is_written_whole_or_not_at_all(assets: Published, tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_text("before")
    query = "select case when age > 5 then error('late') else name end from assets"
    done = run("sql", query, "-o", str(path))
    assert done.exit_code == 1
    assert "late" in done.stderr
    assert [file.name for file in tmp_path.glob("out*")] == ["out.csv"]
    assert path.read_text() == "before"
    assert run("sql", "select 1 as one", "-o", str(path)).exit_code == 0
    assert path.read_text() == "one\n1\n"


def test_a_table_is_bounded_and_says_how_many_more(assets: Published) -> None:
    done = run("sql", "select i from range(1000) as t(i)", "--format", "table")
    assert len(done.stdout.splitlines()) == 41
    assert "960 rows more" in done.stderr
    done = run("sql", "select i from range(9) as t(i)", "--format", "table", "--limit", "3")
    assert [line.strip() for line in done.stdout.splitlines()] == ["i", "0", "1", "2"]
    assert "6 rows more" in done.stderr


@pytest.mark.parametrize(
    ("redirected", "message"),
    [
        (">&-", ""),
        pytest.param(
            "> /dev/full",
            "error: not all could be written (No space left on device): make room, or give "
            "another path.\n",
            marks=pytest.mark.skipif(sys.platform != "linux", reason="it is of Linux"),
        ),
        (
            "> /dev/null",
            "error: '\\u03a9' cannot be written in latin-1: set PYTHONIOENCODING=utf-8, or write "
            "to a file with -o.\n",
        ),
    ],
)
def test_what_cannot_be_written_is_one_message(
    assets: Published, redirected: str, message: str
) -> None:
    command = [*COMMAND, "sql", "select '\u03a9' as omega", "--format", "csv"]
    encoding = "latin-1" if "null" in redirected else "utf-8"
    done = subprocess.run(
        ["sh", "-c", f'"$@" {redirected}', "sh", *command],
        env=os.environ | {"PYTHONIOENCODING": encoding},
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert done.stderr == message


def test_sql_joins_the_tables(assets: Published) -> None:
    query = """
        select assets.name, count(*) as metrics
        from quality_control join assets on assets.name = quality_control.subject_id
        group by all order by all
    """
    expected = [{"name": "", "metrics": 2}, {"name": "0451", "metrics": 2}]
    assert rows("sql", query) == expected
    assert json.loads(run("sql", "-", "--json", stdin=query).stdout) == expected


@pytest.mark.parametrize(
    ("query", "part"),
    [
        ("selec 1", "syntax error"),
        ("select nam from assets", '"name"'),
        ("select * from asset", "assets"),
        ("select * from query", "query"),
        ("select error('at run time')", "at run time"),
    ],
)
def test_wrong_sql_is_one_message(assets: Published, query: str, part: str) -> None:
    done = run("sql", query)
    assert done.exit_code == 1
    assert done.stderr.startswith("error: the query failed: ")
    assert part in done.stderr
    assert "Traceback" not in done.stderr


def test_columns_may_have_any_name(assets: Published) -> None:
    query = """select 1 as "a.b", 2 as "x""y", 3 as "#1", timestamptz '2024-01-01' as "t t" """
    expected = {"a.b": 1, 'x"y': 2, "#1": 3, "t t": "2024-01-01T00:00:00Z"}
    assert rows("sql", query) == [expected]
    assert run("sql", "select 1 as a, 2 as a").stdout == "a,a\n1,2\n"
    done = run("sql", "select 1 as a, 2 as a", "--json")
    assert done.exit_code == 2
    assert "'a'" in done.stderr


def test_two_forms_at_once_are_refused(assets: Published) -> None:
    done = run("sql", "select 1 as a", "--json", "--format", "csv")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "--json and --format csv" in done.stderr


def test_a_statement_without_rows(assets: Published) -> None:
    done = run("sql", "create table mine as select 1")
    assert (done.exit_code, done.stdout) == (0, "")
    assert "no rows" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "part"),
    [
        (["read", "asets"], 1, "'assets'"),
        (["read", "assets", "--where", "nam=a"], 2, "'name'"),
        (["read", "assets", "--where", "age=old"], 2, "'old' is not a number"),
        (["read", "assets", "--columns", "name,ag"], 2, "'age'"),
        (["read", "assets", "-o", "rows.xlsx"], 2, "--format"),
        (["read", "assets", "-o", "no-such-folder/rows.csv"], 1, "cannot be written"),
        (["read", "assets", "-o", "no-such-folder/rows.parquet"], 1, "cannot be written"),
        (["read", "assets", "-o", f"{__file__}/rows.csv"], 1, "cannot be written"),
        (["read", "assets", "-o", f"{'a' * 300}.csv"], 1, "cannot be written"),
        (["read", "assets", "--where", "name=\udcff"], 2, "half of one"),
        (["sql", "select '\udcff'"], 2, "not text in UTF-8"),
        (["read", "assets", "--format", "xml"], 2, "xml"),
        (["read", "assets", "--limit", "-1"], 2, "-1"),
        (["read", "assets", "--root", "nowhere"], 1, "nowhere"),
        (["sql"], 2, "QUERY"),
    ],
)
def test_errors_are_shown(assets: Published, arguments: list[str], code: int, part: str) -> None:
    done = run(*arguments)
    assert done.exit_code == code, done.stderr
    assert part in done.stderr
    assert done.stdout == ""


@pytest.mark.filterwarnings("default")  # they are what is shown
@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["quality_control", "--where", "subject_id=1"], "warning: No record is of subject '1'"),
        (["assets", "--where", "name=A"], "name='A': did you mean 'a'?"),
    ],
)
def test_an_empty_result_is_explained(assets: Published, arguments: list[str], part: str) -> None:
    done = run("read", *arguments)
    assert (done.exit_code, len(done.stdout.splitlines())) == (0, 1)
    assert part in done.stderr


def test_a_damaged_file_is_one_message(cache: Published) -> None:
    cache.plain("assets", ASSETS)
    (cache.folder / "assets.pqt").write_bytes(b"PAR1PAR1")
    done = run("read", "assets")
    assert done.exit_code == 1
    assert "assets.pqt" in done.stderr
    assert isinstance(done.exception, SystemExit)


def test_the_root_of_an_option_is_read_and_forgotten(
    assets: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BIODATA_CACHE_ROOT", "nowhere")
    assert len(rows("read", "assets", "--root", str(assets.root))) == 6
    assert os.environ["BIODATA_CACHE_ROOT"] == "nowhere"


def on_a_terminal(*arguments: str) -> str:
    """What a terminal of 60 columns shows."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 60, 0, 0))
    # These would count for more than the terminal, and whoever runs the tests may have set them.
    sizes = {"COLUMNS", "LINES"}
    environment = {name: value for name, value in os.environ.items() if name not in sizes}
    with subprocess.Popen(
        [*COMMAND, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
        env=environment | {"TERM": "xterm"},
    ):
        os.close(theirs)
        shown = b""
        while True:
            try:
                part = os.read(ours, 4096)
            except OSError:  # the other end is closed
                break
            shown += part
    os.close(ours)
    return shown.decode()


def test_a_terminal_shows_a_table_with_colours_that_fits(assets: Published) -> None:
    shown = on_a_terminal("read", "assets")
    assert "\x1b[1mname" in shown
    assert "tab\\t" in shown
    assert "for which there is no room" in shown
    table = re.sub(r"\x1b\[\d*m", "", shown).splitlines()[:7]
    assert all(len(line) <= 60 for line in table), table


def test_completion_names_the_columns_of_the_table(assets: Published) -> None:
    from click.shell_completion import BashComplete

    complete = BashComplete(cli, {}, "biodata-cache", "_BIODATA_CACHE_COMPLETE")
    result = complete.get_completions(["read", "assets", "--columns"], "name,a")
    assert [item.value for item in result] == ["name,age"]
