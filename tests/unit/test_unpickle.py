"""Pickled frames: those of each pandas read alike; whatever else is refused and runs nothing."""

from __future__ import annotations

import builtins
import contextlib
import datetime as dt
import importlib
import os
import pickle
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from biodata_cache import CacheError
from extract.objects.safe_pickle import UnsafePickleError, read_frame

FRAMES = sorted((Path(__file__).parents[1] / "fixtures/frames").glob("*.pkl"))
EXPECTED = {
    "subject_id": ["0451", "0451", "660023", "660023"],
    "session_date": ["2024-01-31", "2024-02-01", "2024-02-01", "2024-02-02"],
    "session": [1, 2, 1, 2],
    "nwb_suffix": [85058, 80000, 0, 93011],
    "metadata/rig": ["447-1-A", "446-8-C", None, "447-1-A"],
    "metadata/user_name": ["Jane Doe", "zo\u00eb.m\u00fcller", None, " Alex"],
    "metadata/task": ["Coupled Baiting", "Uncoupled Baiting", "", "Coupled Baiting"],
    "metadata/started": [
        "2024-01-31T08:50:58", "2024-02-01T08:00:00.123", None, "2024-02-02T00:00:00",
    ],
    "metadata/started_at": [
        "2024-01-31T08:50:58Z", "2024-07-01T08:00:00Z", None, "2024-02-02T00:00:00Z",
    ],
    "metadata/lasted": [60.0, 90.0, None, 0.0],
    "metadata/day": ["2024-01-31", None, "2024-02-01", None],
    "metadata/mixed": ["text", 5, 2.5, "2024-01-31T08:50:58"],
    "metadata/group": ["a", "b", None, "a"],
    "auto_train/curriculum_name": ["Coupled Baiting", "None", None, None],
    "auto_train/is_overridden": [True, False, None, True],
    "session_stats/foraging_eff": [0.75, 0.5, None, 1 / 3],
    "session_stats/finished_trials": [100, 200, 0, 300],
    "session_stats/total_trials": [100, 210, None, 300],
    "session_stats/is_good": [True, False, True, True],
    "session_stats/weight": [1.0, 2.0, 3.0, 4.0],
    "session_stats/name": ["x", None, "z", ""],
}  # fmt: skip


def rounded(value):
    """Times without the zeros that say in which unit pandas kept them."""
    if isinstance(value, str) and "." in value and "T" in value:
        zone = "Z" if value.endswith("Z") else ""
        return value.rstrip("Z").rstrip("0").rstrip(".") + zone
    return value


@pytest.mark.parametrize("path", FRAMES, ids=lambda path: path.stem)
def test_frames_of_every_pandas_read_alike(path):
    result = read_frame(path.read_bytes())
    assert list(result) == list(EXPECTED)
    for name, values in result.items():
        assert [rounded(value) for value in values] == EXPECTED[name], name


def test_there_is_a_frame_of_each_pandas():
    assert [path.stem for path in FRAMES] == [
        "pandas-1.5.3", "pandas-2.0.3", "pandas-2.2.3", "pandas-3.0.0-pyarrow", "pandas-3.0.0",
    ]  # fmt: skip


@pytest.mark.parametrize("protocol", [4, 5])
@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame(),
        pd.DataFrame({"a": []}),
        pd.DataFrame({"a": [1, None], "b": ["x", None]}),
        pd.DataFrame({"a": [np.float32(1.5), np.int64(2)]}, dtype=object),
        pd.DataFrame({"a": [pd.NaT, pd.NA, None]}, dtype=object),
        pd.DataFrame({"a": [1.0]}, index=pd.DatetimeIndex(["2024-01-01"], name="at")),
        pd.DataFrame({"a": range(6), "b": range(6)})[::2],
        pd.DataFrame(np.asfortranarray(np.arange(6.0).reshape(2, 3)), columns=list("xyz")),
    ],
    ids=str,
)
def test_small_frames_of_the_installed_pandas(frame, protocol):
    result = read_frame(pickle.dumps(frame, protocol=protocol))
    assert [*result] == [frame.index.name or "level_0", *frame]
    for name in frame:
        wanted = [None if pd.isna(value) else value for value in frame[name]]
        assert result[name] == wanted


def test_lists_in_cells_are_json():
    frame = pd.DataFrame({"a": [[1, "x"], {"k": None}, np.array([1.5, 2.5])]})
    assert read_frame(pickle.dumps(frame))["a"] == ['[1, "x"]', '{"k": null}', "[1.5, 2.5]"]


def test_lists_that_repeat_each_other_are_refused():
    bomb: list[object] = []
    for _ in range(60):
        bomb = [bomb, bomb]
    with pytest.raises(UnsafePickleError, match="holds more than"):
        read_frame(pickle.dumps(pd.DataFrame({"a": [bomb, 1]})))


# --- what is refused ------------------------------------------------------------------------------


class Calls:
    """Pickles as a call of a function."""

    def __init__(self, function, *arguments):
        self.call = (function, arguments)

    def __reduce__(self):
        return self.call


def by_name(module: str, name: str, *texts: str, protocol: int = 4) -> bytes:
    """A pickle that calls `module.name(*texts)`, whether it exists here or not."""

    def text(value: str) -> bytes:
        return b"\x8c" + bytes([len(value)]) + value.encode()

    result = text(module) + text(name) + b"\x93"
    if protocol == 0:
        result = f"c{module}\n{name}\n".encode()
    return b"\x80\x04" + result + b"(" + b"".join(map(text, texts)) + b"tR."


MARK = "touched"
HARM = f"touch {MARK}"
CODE = f"open({MARK!r}, 'w').close()"
GADGETS = {
    "os.system": pickle.dumps(Calls(os.system, HARM)),
    "os.system, oldest protocol": b"cos\nsystem\n(S'touch touched'\ntR.",
    "os.system, inst": b"(S'touch touched'\nios\nsystem\n.",
    "os.system, obj": b"(cos\nsystem\nS'touch touched'\no.",
    "posix.system": by_name("posix", "system", HARM),
    "nt.system": by_name("nt", "system", HARM),
    "builtins.eval": pickle.dumps(Calls(eval, CODE)),
    "builtins.exec": pickle.dumps(Calls(exec, CODE)),
    "builtins.open": by_name("builtins", "open", MARK, "w"),
    "builtins.__import__": pickle.dumps(Calls(builtins.__import__, "antigravity")),
    "subprocess.Popen": pickle.dumps(Calls(subprocess.Popen, ["touch", MARK])),
    "subprocess.check_output": pickle.dumps(Calls(subprocess.check_output, ["touch", MARK])),
    "importlib.import_module": pickle.dumps(Calls(importlib.import_module, "antigravity")),
    "runpy.run_path": by_name("runpy", "run_path", "evil.py"),
    "pandas.read_pickle": pickle.dumps(Calls(pd.read_pickle, "evil.pkl")),
    "pandas.eval": pickle.dumps(Calls(pd.eval, "@__builtins__")),
    "pandas.DataFrame.eval": by_name("pandas", "DataFrame.eval", CODE),
    "numpy.load": pickle.dumps(Calls(np.load, "evil.npy")),
    "numpy.ndarray.tofile": by_name("numpy", "ndarray.tofile", MARK),
    "numpy.testing runstring": by_name("numpy.testing._private.utils", "runstring", CODE, "x"),
    "pickle.loads": pickle.dumps(Calls(pickle.loads, pickle.dumps(Calls(os.system, HARM)))),
    "operator.attrgetter": by_name("operator", "attrgetter", "system"),
    "functools.partial": by_name("functools", "partial", "x"),
    "codecs.decode": by_name("_codecs", "decode", "x", "rot13"),
    "ctypes.CDLL": by_name("ctypes", "CDLL", "libc.so.6"),
    "webbrowser.open": by_name("webbrowser", "open", "http://127.0.0.1:1"),
    "dotted name": by_name("pandas.core.frame", "DataFrame.to_csv", MARK),
    "attribute of an admitted class": pickle.dumps(Calls(getattr, pd.DataFrame, "eval")),
    "attribute of a module": by_name("builtins", "getattr", "os", "system"),
    "persistent id": b"\x80\x04\x8c\x01xQ.",
    "extension": b"\x80\x04\x82\x01.",
    "call within a frame": pickle.dumps(pd.DataFrame({"a": [Calls(os.system, HARM), 1]})),
    "name in a frame": pickle.dumps(pd.DataFrame({"a": [1]})).replace(b"slice", b"input"),
}  # fmt: skip


@pytest.mark.parametrize("content", GADGETS.values(), ids=list(GADGETS))
def test_hostile_pickles_are_refused_and_run_nothing(content, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "evil.py").write_text(CODE)
    (tmp_path / "evil.pkl").write_bytes(GADGETS["builtins.eval"])
    (tmp_path / "evil.npy").write_bytes(GADGETS["builtins.eval"])
    imported = "antigravity"
    before = sorted(path.name for path in tmp_path.iterdir())
    monkeypatch.delitem(__import__("sys").modules, imported, raising=False)
    with pytest.raises(UnsafePickleError) as refusal:
        read_frame(content)
    assert isinstance(refusal.value, CacheError)
    assert sorted(path.name for path in tmp_path.iterdir()) == before
    assert imported not in __import__("sys").modules


def test_the_gadgets_would_work_if_they_were_loaded(tmp_path, monkeypatch):
    """So that the test above tests something."""
    monkeypatch.chdir(tmp_path)
    for name in ("os.system", "os.system, inst", "builtins.exec", "builtins.open"):
        made = pickle.loads(GADGETS[name])
        if hasattr(made, "close"):
            made.close()
        assert (tmp_path / MARK).exists(), name
        (tmp_path / MARK).unlink()


def test_the_refusal_names_the_request():
    with pytest.raises(UnsafePickleError, match=r"nothing of it ran: it names \w+\.system"):
        read_frame(GADGETS["os.system"])


@pytest.mark.parametrize(
    "content",
    [
        b"", b".", b"not a pickle", b"\x80\x04N.", b"\x80\x04]\x94.",
        b"\x80\x05\x95\xff\xff\xff\xff",
        b"\x80\x05\x96\xff\xff\xff\xff\xff\xff\xff\x7f.",
        pickle.dumps([1]), pickle.dumps(dt.date(2024, 1, 1)), pickle.dumps(pd.Series([1])),
        pickle.dumps(pd.DataFrame), pickle.dumps(np.arange(3)),
        pickle.dumps(pd.DataFrame({"a": [1j]})), pickle.dumps(pd.DataFrame({"a": [b"x"]})),
        b"(" * 100_000 + b".", b"]" * 100_000 + b"." ,
    ],
    ids=range(16),
)  # fmt: skip
def test_whatever_is_no_frame_is_a_clear_error(content):
    with pytest.raises(UnsafePickleError):
        read_frame(content)


@pytest.mark.parametrize("path", FRAMES, ids=lambda path: path.stem)
def test_a_frame_broken_anywhere_is_an_error_or_a_frame(path):
    """Cut short at each byte, or one byte changed: never another error, and never a crash."""
    whole = path.read_bytes()
    for cut in range(0, len(whole), 7):
        with pytest.raises(UnsafePickleError):
            read_frame(whole[:cut])
    for location in range(0, len(whole), 5):
        changed = bytearray(whole)
        changed[location] ^= 0x15
        with contextlib.suppress(UnsafePickleError):
            read_frame(bytes(changed))
