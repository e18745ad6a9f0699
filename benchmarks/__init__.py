"""Measurements beside the tools that people use today: `make bench` writes results, plots and the page.

A section is a module here with two functions: `measure(bench)` returns JSON-able data, and `chapter(data)`
returns its part of the page as Markdown. A third, `plots(data)`, may return SVG files by their names.
"""
