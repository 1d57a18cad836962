"""Other servers, measured in the same run; a folder each."""
