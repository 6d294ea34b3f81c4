"""A key and a signed certificate for the tests of papers and their proof."""

from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from dianheng.documents.papers.samples import certificate
from dianheng.documents.signing.issue import Issued, issue
from dianheng.documents.signing.keys import KeySigner, open_signer, public_keys
from dianheng.documents.signing.port import PublicKey

CHINA = timezone(timedelta(hours=8))


@pytest.fixture(scope="session")
def key_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("keys")


@pytest.fixture(scope="session")
def signer(key_folder: Path) -> KeySigner:
    return open_signer(key_folder, datetime(2026, 11, 1, 8, 0, tzinfo=CHINA))


@pytest.fixture(scope="session")
def keys(signer: KeySigner, key_folder: Path) -> tuple[PublicKey, ...]:
    return public_keys(key_folder)


@pytest.fixture(scope="session")
def issued(signer: KeySigner) -> Issued:
    """A signed certificate of a single-phase meter, valid through 2034-11-17."""
    return issue("verification_certificate", certificate(), signer)


@pytest.fixture(scope="session")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A signer whose key nobody knows."""
    return open_signer(tmp_path_factory.mktemp("stranger"))
