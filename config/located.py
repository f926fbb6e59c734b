"""Finds where a key stands in the settings file, for mistakes that show only later."""

from pathlib import Path

from cti.kernel.errors import ConfigurationError


def located(error: ConfigurationError, path: Path) -> ConfigurationError:
    """The same mistake with file and line of its key, where the settings file holds that key."""
    from cti.kernel.document import read_document  # only who made a mistake needs YAML

    if not error.key or error.line or not path.is_file():
        return error
    message = f"{error.file} {error.message}" if error.file else error.message
    try:
        section = read_document(path)
        *above, last = error.key.split(".")
        for name in above:
            value = section.get(name)
            if value is None or not value.is_section:
                return error
            section = value.section()
        found = section.get(last)
    except ConfigurationError:
        return error
    if found is None:
        return error
    return ConfigurationError(message, file=str(path), line=found.line, key=error.key)
