"""The third way in: what a person holds and says in a notebook or a script, as ``mmm`` has it."""
