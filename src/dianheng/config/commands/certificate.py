"""`dianheng certificate check|keys|page|rotate`: papers and their proof, without a database."""

import argparse
import json
import sys
from pathlib import Path

from dianheng.config.runtime.words import _

from . import describe


def configure(parser: argparse.ArgumentParser) -> None:
    checking = "dianheng certificate check JD-2026-000123.pdf"
    giving = "dianheng certificate keys keys.json"
    making = "dianheng certificate page check.html --revocations list.json"
    retiring = "dianheng certificate rotate"
    describe(
        parser,
        _("Check papers, give the public keys away, retire the key. No database is needed."),
        checking,
        giving,
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    check = actions.add_parser(
        "check",
        help=_("say whether a signed PDF, a data file or the text of a QR code is genuine"),
    )
    describe(
        check,
        _(
            "Say whether a signed PDF, a data file or the text of a QR code is genuine. Exit code "
            "0: genuine; 1: not genuine; 2: cannot be judged."
        ),
        checking,
        "dianheng certificate check --code 'DH1~…' data.json",
    )
    check.add_argument(
        "file", nargs="?", type=Path, help=_("the PDF, or the data file with --code")
    )
    check.add_argument("--code", default="", help=_("text of the QR code on the paper"))
    check.add_argument("--keys", type=Path, help=_("public keys; absent: this data folder's"))
    check.add_argument("--revocations", type=Path, help=_("signed list of superseded and revoked"))
    check.add_argument("--lang", choices=("zh", "en"), help=_("absent: by the terminal"))
    check.add_argument("--json", action="store_true", help=_("the findings for a machine"))
    keys = actions.add_parser("keys", help=_("write the public keys, to be given away"))
    describe(keys, _("Write the public keys of this installation, to be given away."), giving)
    keys.add_argument("file", nargs="?", type=Path, help=_("absent: standard output"))
    page = actions.add_parser("page", help=_("write the check page, which needs no server"))
    describe(
        page,
        _("Write the page that checks papers in any browser, with the public keys built in."),
        making,
    )
    page.add_argument("file", type=Path, help=_("where it is written"))
    page.add_argument("--keys", type=Path, help=_("public keys; absent: this data folder's"))
    page.add_argument("--revocations", type=Path, help=_("signed list to build in"))
    rotate = actions.add_parser("rotate", help=_("retire the signing key and make a new one"))
    describe(
        rotate,
        _("Retire the signing key and make a new one; papers signed before stay genuine."),
        retiring,
    )


def run(options: argparse.Namespace) -> int:
    from dianheng.documents.signing.keys import KeysError
    from dianheng.documents.signing.revocations import ListError

    actions = {"check": _check, "keys": _keys, "page": _page, "rotate": _rotate}
    try:
        return actions[options.action](options)
    except (OSError, KeysError, ListError) as error:
        print(error, file=sys.stderr)
        return 2


def _key_folder() -> Path:
    from dianheng.config.runtime.folders import data_folder

    return data_folder() / "keys"


def _known_keys(options: argparse.Namespace):  # type: ignore[no-untyped-def]
    from dianheng.documents.signing.keys import KeysError, public_keys, read_keys

    if options.keys:
        return read_keys(options.keys.read_bytes())
    found = public_keys(_key_folder())
    if not found:
        raise KeysError("keys_none", folder=_key_folder())
    return found


def _check(options: argparse.Namespace) -> int:
    from dianheng.documents.signing.check import check_code, check_pdf
    from dianheng.documents.signing.texts import said, terminal_language
    from dianheng.documents.signing.words import report_in_words

    keys = _known_keys(options)
    revocations = options.revocations.read_bytes() if options.revocations else b""
    lang = options.lang or terminal_language()
    if not options.file and not options.code:
        print(said("name_a_file", lang), file=sys.stderr)
        return 2
    content = options.file.read_bytes() if options.file else b""
    if options.file and not options.code:
        report = check_pdf(content, keys, revocations=revocations)
    else:
        report = check_code(options.code, keys, data=content, revocations=revocations)
    if options.json:
        print(json.dumps(report.as_data(), ensure_ascii=False, default=str, indent=2))
    else:
        print(*report_in_words(report, lang, of_file=bool(options.file)), sep="\n")
    return report.exit_code


def _keys(options: argparse.Namespace) -> int:
    from dianheng.documents.signing.keys import open_signer, public_keys, write_keys

    open_signer(_key_folder())  # the first key, where there is none yet
    content = write_keys(public_keys(_key_folder()))
    if options.file:
        options.file.write_bytes(content)
    else:
        sys.stdout.write(content.decode() + "\n")
    return 0


def _page(options: argparse.Namespace) -> int:
    from dianheng.documents.checkpage import build_check_page

    revocations = options.revocations.read_bytes() if options.revocations else b""
    build_check_page(_known_keys(options), revocations, options.file)
    return 0


def _rotate(options: argparse.Namespace) -> int:
    from dianheng.documents.signing.keys import rotate_key
    from dianheng.documents.signing.texts import said

    key = rotate_key(_key_folder())
    print(said("keys_rotated", key=key.key_no))
    return 0
