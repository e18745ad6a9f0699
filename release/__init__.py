"""What `make deb` and `make release` do: a version from git; package, wheel and source from a checkout."""
