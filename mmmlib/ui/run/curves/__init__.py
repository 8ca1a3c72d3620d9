"""Tab Curves: what each channel would bring at other spends, and the plan."""
