from .correct import device_correct
from .enrol import DETAILS, Stage, devices_enrol, stage_open
from .fill import fill_stage
from .installations import Hang, devices_install, devices_remove
from .keys import meters_set_keys
from .lose import device_find, device_lose
from .master import (
    lot_make,
    manufacturer_add,
    manufacturer_change,
    manufacturer_make,
    model_add,
    model_change,
    model_make,
    state_mapping_drop,
    state_mapping_set,
)
from .places import boxes_move, person_place, place_make, place_update, transit_place
from .register import device_register
from .scrap import (
    barcodes_of,
    devices_condemn,
    devices_reprieve,
    devices_scrap,
    scrap_devices,
)
from .takeover import (
    register_check,
    register_refuse,
    register_take,
    register_upload,
)
from .transition import Moved, devices_transition, register_transition_guard, stock_fold

__all__ = [
    "DETAILS",
    "Hang",
    "Moved",
    "Stage",
    "barcodes_of",
    "boxes_move",
    "device_correct",
    "device_find",
    "device_lose",
    "device_register",
    "devices_condemn",
    "devices_enrol",
    "devices_install",
    "devices_remove",
    "devices_reprieve",
    "devices_scrap",
    "devices_transition",
    "fill_stage",
    "lot_make",
    "manufacturer_add",
    "manufacturer_change",
    "manufacturer_make",
    "meters_set_keys",
    "model_add",
    "model_change",
    "model_make",
    "person_place",
    "place_make",
    "place_update",
    "register_check",
    "register_refuse",
    "register_take",
    "register_transition_guard",
    "register_upload",
    "scrap_devices",
    "stage_open",
    "state_mapping_drop",
    "state_mapping_set",
    "stock_fold",
    "transit_place",
]
