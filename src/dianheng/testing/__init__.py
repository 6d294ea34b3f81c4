"""What the tests of all apps stand on: a database, closed sockets. See `plugin`."""
