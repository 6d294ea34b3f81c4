"""The limit of a scan: a WSGI program that runs the one statement and writes the JSON by hand."""

import json
import os
import threading
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import unquote

import django
import psycopg

django.setup()  # for the names of states

from dianheng.assets.choices import DeviceState  # noqa: E402
from dianheng.assets.rules import verbs_from  # noqa: E402

DEVICE = """
select d.barcode, d.state, d.valid_through, d.model_id, m.code, m.name, p.name
  from assets_device d join assets_devicemodel m on m.id = d.model_id
  join assets_place p on p.id = d.place_id where d.barcode = %s
"""
_thread = threading.local()


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answers the last part of the path as a bar code."""
    code = unquote(environ["PATH_INFO"].rsplit("/", 1)[-1])
    body = b"{}" if code == "alive" else json.dumps(_answer(code)).encode()
    start_response(
        "200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    )
    return [body]


def _answer(code: str) -> dict[str, Any]:
    if not hasattr(_thread, "connection"):
        url = os.environ["DATABASE_APP_URL"]
        _thread.connection = psycopg.connect(url, autocommit=True)
    row = _thread.connection.execute(DEVICE, [code]).fetchone()
    barcode, state, valid, model_id, model, name, place = row
    return {
        "kind": "device", "code": barcode, "title": f"{model} {name}",
        "text": f"{_label(state)} · {place}", "warning": "",
        "facts": {
            "state": state, "place": place, "model_id": model_id,
            "valid_through": valid.isoformat() if valid else "", "verbs": verbs_from(state),
        },
    }  # fmt: skip


def _label(state: str) -> str:
    from django.utils import translation

    with translation.override("zh-hans"):
        return str(DeviceState(state).label)
