"""A key by which Chinese names sort as people expect."""

from functools import lru_cache


@lru_cache(maxsize=65536)
def sort_key(name: str) -> str:
    """Pinyin of the name, lower case; other letters as they are.

    >>> sort_key("电能表")
    'dian neng biao'
    """
    from pypinyin import lazy_pinyin

    return " ".join(lazy_pinyin(name)).lower()
