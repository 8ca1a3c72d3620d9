"""The form that makes a job and launches it.

What can be set is read from the job's JSON schema (``fields``), so that a new key of the job is in
the form the day it is in the job. ``form`` validates, ``raw`` and ``series`` read the data,
``roles`` gives columns their roles, ``shapes`` draws hyperparameters, ``quote`` says how long it
will take, ``uploads`` takes files, ``machines`` says what can train and where, ``refreshing``
continues a model, ``launching`` queues the run. What reads data or imports an engine does so in a
process of its own (``child``).
"""
