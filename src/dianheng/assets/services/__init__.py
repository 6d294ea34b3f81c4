from .correct import device_correct
from .enrol import DETAILS, Stage, devices_enrol, stage_open
from .fill import fill_stage
from .lose import device_find, device_lose
from .master import lot_make, manufacturer_make, model_make, state_mapping_set
from .places import box_move, person_place, place_make, place_update, transit_place
from .register import device_register
from .transition import Moved, devices_transition, register_transition_guard, stock_fold

__all__ = [
    "DETAILS",
    "Moved",
    "Stage",
    "box_move",
    "device_correct",
    "device_find",
    "device_lose",
    "device_register",
    "devices_enrol",
    "devices_transition",
    "fill_stage",
    "lot_make",
    "manufacturer_make",
    "model_make",
    "person_place",
    "place_make",
    "place_update",
    "register_transition_guard",
    "stage_open",
    "state_mapping_set",
    "stock_fold",
    "transit_place",
]
