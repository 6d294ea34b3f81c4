"""What Dianheng runs on: data folder, PostgreSQL, roles, the supervisor of its parts.

    words       texts of this package in the terminal's language
    faults      `Fault`: what is wrong, in words
    folders     the data folder: lock, secrets
    accounts    the system user PostgreSQL runs as when we are root
    binaries    where initdb and postgres are
    processes   children that end with us; what already runs on a folder
    postgres    the private PostgreSQL of a data folder
    roles       owner and program roles, default privileges, checks of a served database
    database    `connected()`: a database for one command

Nothing here imports Django before a database is there.
"""
