"""No spelling of an address lets a password out, by a message or by the settings' own text."""

from __future__ import annotations

import copy
import pickle
import re
from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from biodata_cache import CacheError
from biodata_cache._core.settings import values as settings
from biodata_cache._core.settings.address import Address, Secret
from extract.sources.open import open_source

SECRET = "S3cr3t"
NAMES = ["source", "v1_source", "root", "raw", "objects"]

SCHEMES = "mongodb:// mongodb+srv:// https:// http:// MongoDB:// s3:// gs:// ftp://"
MISSPELT = "mongodb: mongodb:/ https:/ // /// mongo: sample: ~"
WORDS = (
    "password PASSWORD Pwd passwd token authToken secret_key api-key AccountKey access_key "
    "AWS_SECRET_ACCESS_KEY SharedAccessSignature"
)
schemes = st.sampled_from(["", " mongodb://", *SCHEMES.split(), *MISSPELT.split()])
users = st.sampled_from(["user", "a.b", "me@lab.org", "µ", "u%40x", "", "user name"])
passwords = st.sampled_from([SECRET, f"{SECRET}@x", f"a/{SECRET}", f"{SECRET}?", f"{SECRET}#1"])
hosts = st.sampled_from(["host.invalid", "h:27017", "a:1,b:2", "[::1]", "bucket", "h/db", "h\nx"])
options = st.sampled_from(["", f"?authToken={SECRET}", f"/?password={SECRET}&tls=true"])


@st.composite
def addresses(draw: st.DrawFn) -> str:
    account = f"{draw(users)}:{draw(passwords)}@"
    return f"{draw(schemes)}{account}{draw(hosts)}{draw(options)}"


@st.composite
def tokens(draw: st.DrawFn) -> str:
    """Nothing before the host, the secret among the options."""
    scheme = draw(st.sampled_from(["mongodb://", "https://", "gs://", "http://"]))
    return f"{scheme}host.invalid/?{draw(st.sampled_from(['token', 'x']))}={SECRET}"


@st.composite
def keywords(draw: st.DrawFn) -> str:
    """A connection string of keywords, as of databases and of stores."""
    word = draw(st.sampled_from(WORDS.split()))
    value = draw(st.sampled_from([SECRET, f"'{SECRET}'", f'"{SECRET}"', f" {SECRET}"]))
    pair = draw(st.sampled_from([f"{word}={value}", f"{word} = {value}", f'{{"{word}": {value}}}']))
    before = draw(
        st.sampled_from(["", "host=h user=me ", "AccountName=a;", "dbname=x&", "folder/"])
    )
    return f"{before}{pair}{draw(st.sampled_from(['', ';Endpoint=x', ' port=1', '/raw']))}"


@hypothesis_settings(max_examples=90)
@given(name=st.sampled_from(NAMES), address=addresses() | tokens() | keywords())
def test_no_message_and_no_text_of_settings_shows_it(name: str, address: str) -> None:
    output = ""
    try:
        loaded = settings.load(**{name: address})
        output = f"{loaded!r} {loaded}"
        output += f"{getattr(loaded, name)} {getattr(loaded, name)!r} {getattr(loaded, name):>10}"
        if name in {"source", "v1_source"}:
            open_source(getattr(loaded, name).reveal())
    except CacheError as error:
        output += f"{error} {error!r}"
    assert SECRET not in output, (name, address)


@given(text=addresses() | tokens())
def test_a_secret_is_no_text_and_goes_nowhere(text: str) -> None:
    secret = Secret(text)
    shown = [str(secret), repr(secret), f"{secret}", f"{secret:<3}", "".join(map(str, [secret]))]
    shown += [f"{[secret]}", f"{ {'a': secret} }", re.sub("a", "b", f"{secret}")]
    assert SECRET not in " ".join(shown)
    assert secret.reveal() == text
    for leak in (pickle.dumps, copy.deepcopy, asdict):
        with pytest.raises(TypeError):
            leak(secret)


@pytest.mark.parametrize(
    "place", ["folder/a b", "s3://bucket/prefix", "night:1/a@b", "C:\\x", "~x"]
)
def test_what_holds_no_secret_is_shown_as_it_is(place: str) -> None:
    assert f"{Address(place)}" == place


@pytest.mark.parametrize("root", ["subject=1/key=2", "tokens/a", "a=b;c", "s3://bucket/secrets"])
def test_a_folder_that_only_resembles_a_secret_is_used(root: str) -> None:
    assert str(settings.load(root=root).root) == root


@pytest.mark.parametrize("source", ["sample", "sample:5", "records.jsonl", "mongodb://host/db"])
def test_sources_without_a_secret_are_shown(source: str) -> None:
    assert f"{Secret(source)}" == source
