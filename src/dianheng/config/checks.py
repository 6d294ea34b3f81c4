"""`python -m dianheng.config.checks`: Django's own checks for serving, and missing migrations."""

import os
import sys


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dianheng.config.settings")
    os.environ.setdefault("DIANHENG_SECRET_KEY", "only-for-checks-" + "x9!" * 20)
    import warnings

    import django
    from django.core.management import CommandError, call_command

    warnings.simplefilter(
        "ignore", RuntimeWarning
    )  # makemigrations asks a database that is not there
    django.setup()
    try:
        call_command("check", deploy=True, fail_level="WARNING")
        call_command("makemigrations", check=True, dry_run=True, verbosity=1)
    except (CommandError, SystemExit) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
