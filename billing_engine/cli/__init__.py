"""The command line: parse, call the engine, print. Heavy libraries are imported by the command that needs them."""
