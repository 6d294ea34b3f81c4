"""`dianheng sampling redraw`: repeat a published draw from its seed; no database."""

import argparse
import sys
from pathlib import Path

from dianheng.config.runtime.words import _, language
from dianheng.metrology.draws import ALGORITHM, list_digest, seed_digest, verify_draw
from dianheng.metrology.errors import WrongValue

from . import DONE, WRONG_INPUT, describe

DIFFERS = 1
# First words of a heading line in a device list that was exported as a table.
HEADINGS = frozenset({"barcode", "bar_code", "bar code", "asset_no", "条形码", "条码", "资产编号"})
PROBLEMS = {
    "seed_differs": _("the seed does not have the published digest"),
    "list_differs": _("the device list does not have the published digest"),
    "sample_differs": _("the published sample is not the drawn one"),
}


def configure(parser: argparse.ArgumentParser) -> None:
    example = "dianheng sampling redraw --seed 3f1c… --list devices.txt --count 125"
    describe(parser, _("Repeat a published draw of a sample; no database is needed."), example)
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    redraw = actions.add_parser("redraw", help=_("draw again and compare with what was published"))
    describe(
        redraw,
        _(
            "Draw again by {algorithm}: the bar codes in the order of SHA-256('SEED:BAR CODE'), "
            "the first N of them. Prints the sample, one a line. Exit code 0: as published; "
            "1: differs; 2: cannot be read."
        ).format(algorithm=ALGORITHM),
        example,
    )
    seed = redraw.add_mutually_exclusive_group(required=True)
    seed.add_argument("--seed", help=_("the published seed"))
    seed.add_argument("--seed-file", type=Path, help=_("file with the seed as its only line"))
    redraw.add_argument(
        "--list",
        type=Path,
        required=True,
        dest="device_list",
        help=_("device list, one code a line"),
    )
    redraw.add_argument("--count", type=int, required=True, help=_("size of the sample"))
    redraw.add_argument(
        "--seed-digest", default="", help=_("digest published before the lot closed")
    )
    redraw.add_argument("--list-digest", default="", help=_("published digest of the device list"))
    redraw.add_argument("--sample", type=Path, help=_("published sample, one code a line"))


def run(args: argparse.Namespace) -> int:
    """Sample on standard output, checks on standard error; 1 differs, 2 wrong input."""
    try:
        seed = args.seed if args.seed is not None else args.seed_file.read_text("utf-8").strip()
        devices = read_list(args.device_list)
        check = verify_draw(
            seed,
            devices,
            args.count,
            published_seed_digest=args.seed_digest,
            published_list_digest=args.list_digest,
            published_sample=None if args.sample is None else read_list(args.sample),
        )
    except WrongValue as problem:
        print(problem.said(language()), file=sys.stderr)
        return WRONG_INPUT
    except (OSError, UnicodeDecodeError) as problem:
        print(_("cannot be read: {problem}").format(problem=problem), file=sys.stderr)
        return WRONG_INPUT
    for code in check.sample:
        print(code)
    for label, value in (
        (_("algorithm"), ALGORITHM),
        (_("digest of the seed"), seed_digest(seed)),
        (_("digest of the device list"), list_digest(devices)),
        (_("devices in the list"), len(devices)),
    ):
        print(_("{label}: {value}").format(label=label, value=value), file=sys.stderr)
    for name in check.problems:
        print(_("differs: {what}").format(what=PROBLEMS[name]), file=sys.stderr)
    return DONE if check.is_right else DIFFERS


def read_list(path: Path) -> list[str]:
    """Bar codes of a list: one a line, what follows a comma does not count, a heading neither."""
    lines = path.read_text("utf-8-sig").splitlines()
    codes = [line.split(",")[0].strip().strip('"') for line in lines]
    found = [code for code in codes if code]
    if found and found[0].casefold() in HEADINGS:
        found = found[1:]
    return found
