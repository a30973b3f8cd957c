"""A bad value of the environment stops the start with a sentence that names it."""

from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured

from config import environment as env


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (env.text, ""),
        (env.boolean, "perhaps"),
        (lambda name: env.boolean(name, default=True), "2"),
        (lambda name: env.integer(name, 3, smallest=1), "0"),
        (lambda name: env.integer(name, 3), "three"),
        (env.database, "mysql://user@host/name"),
        (env.database, "postgresql://host/"),
        (env.database, "postgresql://user@host:port/name"),
        (env.broker, "amqp://host"),
        (env.storage, "relative/folder"),
        (env.storage, "file://relative"),
        (env.storage, "s3:///no-bucket"),
        (env.mail, "smtp://host"),
        (env.mail, "http://host?from=a@example.org"),
    ],
)
def test_a_bad_value_is_named(monkeypatch: pytest.MonkeyPatch, read, value: str) -> None:
    monkeypatch.setenv("A_SETTING", value)
    if read is env.boolean:
        with pytest.raises(ImproperlyConfigured, match="A_SETTING"):
            read("A_SETTING", False)
        return
    with pytest.raises(ImproperlyConfigured, match="A_SETTING"):
        read("A_SETTING")


def test_what_a_database_url_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_URL", "postgresql://us%40er:p%2Fw@host:5433/na%20me?sslmode=require")
    found = env.database("A_URL")
    assert [found[key] for key in ("USER", "PASSWORD", "HOST", "PORT", "NAME", "OPTIONS")] == [
        "us@er", "p/w", "host", "5433", "na me", {"sslmode": "require"},
    ]  # fmt: skip
    monkeypatch.setenv("A_URL", "postgresql://user@/name?host=%2Frun%2Fpg")
    assert env.database("A_URL")["HOST"] == "/run/pg"


def test_mail_is_sent_where_a_server_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert env.mail("NOT_SET") == {"EMAIL_BACKEND": "django.core.mail.backends.dummy.EmailBackend"}
    monkeypatch.setenv("A_URL", "smtps://me:secret@mail.example.org?from=isotherm@example.org")
    found = env.mail("A_URL")
    assert (found["EMAIL_PORT"], found["EMAIL_USE_SSL"], found["EMAIL_USE_TLS"]) == (
        465,
        True,
        False,
    )
