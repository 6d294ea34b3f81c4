"""The calculators: one door to every rule, for the page, REST and the command line.

`calculate(name, payload)` answers; `catalogue()` names them all with their schema. Pure adapters:
no framework, no database, no clock.
"""

from dianheng.interfaces.calculators.catalogue import calculate, catalogue
from dianheng.interfaces.calculators.json_text import read_json, write_json
from dianheng.interfaces.calculators.shapes import Outcome, SignatureLookup

__all__ = ["Outcome", "SignatureLookup", "calculate", "catalogue", "read_json", "write_json"]
