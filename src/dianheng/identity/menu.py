"""Menu entries of this app, and what the pages below need to know of rights."""

from dianheng.common.pages import register_rights_source

from .registry import all_rights
from .selectors import rights_of

register_rights_source(all_rights, rights_of)
