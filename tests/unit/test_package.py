from importlib.metadata import version

import doorward


def test_the_package_and_its_metadata_tell_one_version() -> None:
    assert doorward.__version__ == version("doorward")
