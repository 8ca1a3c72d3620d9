"""A first job from a look at the data: roles, shapes and doubts; ``first`` makes it."""
