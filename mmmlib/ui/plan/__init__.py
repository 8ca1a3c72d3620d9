"""The budget planner: a model's plan for a request, solved anew with each change."""
