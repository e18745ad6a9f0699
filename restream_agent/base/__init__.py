"""What every room may use: errors, paths, endpoints, files, processes."""
