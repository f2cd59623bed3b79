"""History through the same code as live traffic.

A *record* is one query on disk, the *reader* merges files of them in order
of completion, the *runner* takes them through the pipeline in event time.
"""
