"""Items of a record: what is tested on a meter or transformer."""

from enum import StrEnum

from dianheng.metrology.errors import NoRule
from dianheng.metrology.rule_sets import Figure, RuleRef, RuleSet


class Item(StrEnum):
    """What is tested on a meter or on a transformer."""

    APPEARANCE = "appearance"  # nameplate, display, damage, terminals, keys, seals
    AC_VOLTAGE = "ac_voltage"  # withstands the test voltage
    CREEP = "creep"  # no more than one pulse without current
    START = "start"  # gives a pulse at the starting current in time
    BASIC_ERROR = "basic_error"  # relative error at the load points
    LOAD_DIFFERENCE = "load_difference"  # single-phase against balanced load, derived
    CONSTANT = "constant"  # register against pulses, or register against a reference meter
    CLOCK_RATE = "clock_rate"  # seconds a day
    CLOCK_VALUE = "clock_value"  # time shown against standard time
    COMBINATION = "combination"  # total register against the sum of the rate registers
    DEMAND = "demand"  # demand shown against the standard
    TARIFF_SWITCH = "tariff_switch"  # moment at which the rate changes
    STANDARD_DEVIATION = "standard_deviation"  # scatter of repeated readings, optional
    CONSISTENCY = "consistency"  # error against the mean of the group
    VARIATION = "variation"  # the same point again after a while
    LOAD_VARIATION = "load_variation"  # the same point with rising and falling current
    COMMUNICATION = "communication"  # answers by its protocol, module fits
    KEY_STATE = "key_state"  # formal keys, not test keys
    PARAMETER = "parameter"  # parameters and prices are those that were ordered
    RELAY = "relay"  # opens and closes on command
    # Of transformers; their basic error is the next two at every point.
    RATIO_ERROR = "ratio_error"  # f, %
    PHASE_DISPLACEMENT = "phase_displacement"  # δ, minutes of arc
    UP_DOWN = "up_down"  # rising against falling current or voltage, derived
    STABILITY = "stability"  # against the verification before, derived
    INSULATION = "insulation"  # resistance between windings and to earth
    WITHSTAND = "withstand"  # power-frequency voltage for a minute
    POLARITY = "polarity"  # marks of the terminals: subtractive
    DEMAGNETISING = "demagnetising"  # before a second test, after a failed one
    MUTUAL_INFLUENCE = "mutual_influence"  # of the two parts of a combined transformer


# What is tested on transformers alone.
TRANSFORMER_ITEMS = frozenset(
    {
        Item.RATIO_ERROR,
        Item.PHASE_DISPLACEMENT,
        Item.UP_DOWN,
        Item.STABILITY,
        Item.INSULATION,
        Item.WITHSTAND,
        Item.POLARITY,
        Item.DEMAGNETISING,
        Item.MUTUAL_INFLUENCE,
    }
)


def item_ref(rules: RuleSet, item: Item) -> RuleRef:
    """The row that asks for an item.

    Raises:
        NoRule: the rule set does not know the item.

    >>> from dianheng.metrology.rule_sets import rule_set
    >>> item_ref(rule_set("JJG 596", "2012"), Item.CREEP).row
    'items/creep'
    """
    for line in rules.table("items"):
        if line.cells["item"] == item:
            return rules.ref(line)
    raise NoRule("no_item", f"{rules.name} does not ask for this item", {"item": item.value})


def figure_of_class(rules: RuleSet, group: str, accuracy_class: str) -> Figure:
    """A figure that depends on the class.

    Raises:
        NoRule: the group has none for the class.
    """
    figure = rules.find(f"{group}/{accuracy_class}")
    if figure is None:
        raise NoRule(
            "no_class",
            f"{rules.name} has no {group} for this class",
            {"accuracy_class": accuracy_class},
        )
    return figure
