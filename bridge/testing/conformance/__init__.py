"""The checks that `SourceSuite` and `TargetSuite` are made of, and the fixtures they need."""
