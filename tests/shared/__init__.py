"""The tests of `shared`; each file is named for the module or the rule that it tests."""
