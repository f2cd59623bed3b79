"""The review console: pages for people over the same ports as the API.

``routes`` is the table of pages and who may see them; ``gate`` stands before every page (who asks, was the form
made here), ``visit`` is what a page is given. ``views`` gather what a page shows, ``templates`` write it, and ``words``
and ``glossary`` are how numbers, times and terms are put. ``assets`` serves the files of ``static``; the libraries
among them are listed with their digests in ``static/vendor/vendored.json``.

A page is whole without a script: the script adds the keyboard, charts and the queue's renewal.
"""
