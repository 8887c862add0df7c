"""How fast is Studio, beside the raw driver or a stated limit? Figures measured in one run; nothing here is a test."""
