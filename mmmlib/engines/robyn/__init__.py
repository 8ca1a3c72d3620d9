"""Meta's Robyn in R, driven through rpy2 from processes of its own.

R never runs in the notebook's kernel: there its crash would be the notebook's, its interrupts
swallow Python's, and Robyn calls back into the Python that hosts it. A *host* (``host``) is a
fresh interpreter with R in it; it streams R's console through a pipe and answers typed messages
(``messages``). The kernel (``hosts``) listens, and stops R by killing the host. Only ``embedded``
knows rpy2.
"""
