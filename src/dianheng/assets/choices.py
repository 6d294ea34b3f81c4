"""Kinds, states and history verbs of devices and places: one list, with meaning."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class DeviceKind(TextChoices):
    """What a device is."""

    SINGLE_PHASE_METER = "single_phase_meter", _("Single-phase meter")
    THREE_PHASE_METER = "three_phase_meter", _("Three-phase meter")
    STANDARD_METER = "standard_meter", _("Standard meter")
    CURRENT_TRANSFORMER = "current_transformer", _("Current transformer")
    VOLTAGE_TRANSFORMER = "voltage_transformer", _("Voltage transformer")
    COMBINED_TRANSFORMER = "combined_transformer", _("Combined transformer")
    METERING_BOX = "metering_box", _("Metering box")
    TERMINAL = "terminal", _("Acquisition terminal")
    BENCH = "bench", _("Verification bench")  # 检定装置, a standard installation
    INSTRUMENT = "instrument", _("Instrument")  # 计量器具: calibrators, testers, thermometers


METERS = (DeviceKind.SINGLE_PHASE_METER, DeviceKind.THREE_PHASE_METER)
TRANSFORMERS = (
    DeviceKind.CURRENT_TRANSFORMER,
    DeviceKind.VOLTAGE_TRANSFORMER,
    DeviceKind.COMBINED_TRANSFORMER,
)
STANDARDS = (DeviceKind.STANDARD_METER, DeviceKind.BENCH, DeviceKind.INSTRUMENT)


class DeviceState(TextChoices):
    """Where a device stands in its life."""

    ON_ORDER = "on_order", _("On order")  # 新购在途
    AWAITING_ACCEPTANCE = "awaiting_acceptance", _("Awaiting acceptance")  # 待验收
    AWAITING_VERIFICATION = "awaiting_verification", _("Awaiting verification")  # 待检
    IN_VERIFICATION = "in_verification", _("In verification")  # 在检
    QUALIFIED = "qualified", _("Qualified in stock")  # 合格在库; issuable if sealed and in date
    OUTSIDE_CONTROL = "outside_control", _("Outside internal control")  # 内控不合格: legally passed
    UNQUALIFIED = "unqualified", _("Unqualified in stock")  # 不合格在库
    PREALLOCATED = "preallocated", _("Reserved")  # 预领
    ISSUED = "issued", _("Issued, to be installed")  # 领出待装
    IN_SERVICE = "in_service", _("In service")  # 运行
    REMOVED = "removed", _("Removed, to be sorted")  # 拆回待分拣
    AWAITING_SCRAP = "awaiting_scrap", _("To be scrapped")  # 待报废
    SCRAPPED = "scrapped", _("Scrapped")  # 已报废
    RETURNED_TO_MAKER = "returned_to_maker", _("Returned to the maker")  # 返厂
    LENT = "lent", _("Lent")  # 借出
    LOST = "lost", _("Lost")  # 丢失
    SUSPENDED = "suspended", _("Out of service")  # 停用


# Colours of states, decided here only: good, busy (in somebody's hands), warn, bad, calm.
STATE_TONE = {
    DeviceState.ON_ORDER: "calm",
    DeviceState.AWAITING_ACCEPTANCE: "warn",
    DeviceState.AWAITING_VERIFICATION: "warn",
    DeviceState.IN_VERIFICATION: "busy",
    DeviceState.QUALIFIED: "good",
    DeviceState.OUTSIDE_CONTROL: "bad",
    DeviceState.UNQUALIFIED: "bad",
    DeviceState.PREALLOCATED: "busy",
    DeviceState.ISSUED: "busy",
    DeviceState.IN_SERVICE: "good",
    DeviceState.REMOVED: "warn",
    DeviceState.AWAITING_SCRAP: "bad",
    DeviceState.SCRAPPED: "calm",
    DeviceState.RETURNED_TO_MAKER: "calm",
    DeviceState.LENT: "busy",
    DeviceState.LOST: "bad",
    DeviceState.SUSPENDED: "calm",
}
IN_STOCK_VERIFIED = (DeviceState.QUALIFIED, DeviceState.PREALLOCATED)
IN_STOCK = (
    DeviceState.AWAITING_ACCEPTANCE,
    DeviceState.AWAITING_VERIFICATION,
    DeviceState.IN_VERIFICATION,
    DeviceState.QUALIFIED,
    DeviceState.OUTSIDE_CONTROL,
    DeviceState.UNQUALIFIED,
    DeviceState.PREALLOCATED,
    DeviceState.REMOVED,
    DeviceState.AWAITING_SCRAP,
    DeviceState.SUSPENDED,
)


class Verb(TextChoices):
    """What happened to a device; `rules.TRANSITIONS` says from which state to which."""

    ANNOUNCE = "announce", _("Announced by the maker")
    ENROL = "enrol", _("Entered in the register")
    ARRIVE = "arrive", _("Arrived")
    ACCEPT = "accept", _("Accepted")
    REJECT = "reject", _("Rejected on acceptance")
    BEGIN_VERIFICATION = "begin_verification", _("Taken into verification")
    WITHDRAW = "withdraw", _("Taken out of verification")
    QUALIFY = "qualify", _("Qualified")
    DISQUALIFY = "disqualify", _("Found unqualified")
    HOLD = "hold", _("Held: outside internal control")
    UNSEAL = "unseal", _("Seal opened, verdict lost")
    EXPIRE = "expire", _("Locked for recheck")
    MOVE = "move", _("Moved")
    SEND = "send", _("Handed over")
    RECEIVE = "receive", _("Received")
    RESERVE = "reserve", _("Reserved")
    RELEASE = "release", _("Released")
    ISSUE = "issue", _("Issued")
    RETURN_UNUSED = "return_unused", _("Returned unused")
    INSTALL = "install", _("Installed")
    REMOVE = "remove", _("Removed from site")
    SORT_REUSE = "sort_reuse", _("Sorted: for use again")
    CONDEMN = "condemn", _("Condemned")
    REPRIEVE = "reprieve", _("Not to be scrapped after all")
    SCRAP = "scrap", _("Scrapped")
    RETURN_TO_MAKER = "return_to_maker", _("Returned to the maker")
    COME_BACK = "come_back", _("Came back from the maker")
    LEND = "lend", _("Lent")
    GIVE_BACK = "give_back", _("Given back")
    LOSE = "lose", _("Reported lost")
    FIND = "find", _("Found again")
    SUSPEND = "suspend", _("Taken out of service")
    RESUME = "resume", _("Put back into service")
    CORRECT = "correct", _("Record corrected")


class PlaceKind(TextChoices):
    """What a place is; devices are always at exactly one."""

    STORE = "store", _("Store")  # 库房, of three levels
    SHELF = "shelf", _("Shelf")  # 货位
    BOX = "box", _("Turnover box")  # 周转箱, may stand in another box
    LABORATORY = "laboratory", _("Laboratory")
    BENCH = "bench", _("Bench")
    TRANSIT = "transit", _("On the way")  # handed over, not yet received
    PERSON = "person", _("Person")
    VEHICLE = "vehicle", _("Vehicle")
    USAGE_POINT = "usage_point", _("Usage point")
    SUPPLIER = "supplier", _("Supplier")
    SCRAP_YARD = "scrap_yard", _("Scrap yard")


class Wiring(TextChoices):
    """How a meter is wired."""

    SINGLE_PHASE = "single_phase", _("Single-phase")
    THREE_PHASE_FOUR_WIRE = "three_phase_four_wire", _("Three-phase four-wire")
    THREE_PHASE_THREE_WIRE = "three_phase_three_wire", _("Three-phase three-wire")


class Connection(TextChoices):
    """How current reaches a meter."""

    DIRECT = "direct", _("Direct")
    VIA_TRANSFORMER = "via_transformer", _("Via transformer")


class Prepayment(TextChoices):
    """Where the remaining money of a prepayment meter is kept."""

    NONE = "none", _("No prepayment")
    REMOTE = "remote", _("Remote prepayment")  # 远程费控
    LOCAL = "local", _("Local prepayment")  # 本地费控


class KeyState(TextChoices):
    """Which keys the meter's security module holds."""

    UNKNOWN = "unknown", _("Unknown")
    TEST = "test", _("Test keys")  # 公钥; may not be issued
    FORMAL = "formal", _("Formal keys")  # 私钥


class Ownership(TextChoices):
    """Whose the device is."""

    UTILITY = "utility", _("Utility")
    CUSTOMER = "customer", _("Customer")


class ListState(TextChoices):
    """How far a list of devices has come on its way into the register."""

    RECEIVED = "received", _("Columns to be named")  # stored; some columns are not known yet
    MAPPED = "mapped", _("To be checked")
    FAULTY = "faulty", _("Has faults")  # checked; nothing of it can be taken
    CHECKED = "checked", _("Checked")  # may be taken
    TAKEN = "taken", _("Taken")  # its devices are in the register
    REFUSED = "refused", pgettext_lazy("file", "Refused")


LIST_TONE = {
    ListState.RECEIVED: "warn",
    ListState.MAPPED: "busy",
    ListState.FAULTY: "bad",
    ListState.CHECKED: "good",
    ListState.TAKEN: "calm",
    ListState.REFUSED: "calm",
}


class HungRole(TextChoices):
    """What a device does at a usage point."""

    METER = "meter", _("Main meter")  # 主表
    CHECK_METER = "check_meter", _("Check meter")  # 副表
    CURRENT_TRANSFORMER = "current_transformer", _("Current transformer")
    VOLTAGE_TRANSFORMER = "voltage_transformer", _("Voltage transformer")
    COMBINED_TRANSFORMER = "combined_transformer", _("Combined transformer")
    TERMINAL = "terminal", _("Acquisition terminal")
    BOX = "box", _("Metering box")


ROLES_OF_KIND = {
    DeviceKind.SINGLE_PHASE_METER: (HungRole.METER, HungRole.CHECK_METER),
    DeviceKind.THREE_PHASE_METER: (HungRole.METER, HungRole.CHECK_METER),
    DeviceKind.CURRENT_TRANSFORMER: (HungRole.CURRENT_TRANSFORMER,),
    DeviceKind.VOLTAGE_TRANSFORMER: (HungRole.VOLTAGE_TRANSFORMER,),
    DeviceKind.COMBINED_TRANSFORMER: (HungRole.COMBINED_TRANSFORMER,),
    DeviceKind.TERMINAL: (HungRole.TERMINAL,),
    DeviceKind.METERING_BOX: (HungRole.BOX,),
}


class HungElement(TextChoices):
    """Phase or element in which it hangs; transformers of a three-wire circuit have ab and cb."""

    ALL = "", _("all")
    A = "a", "A"
    B = "b", "B"
    C = "c", "C"
    AB = "ab", "AB"
    CB = "cb", "CB"
