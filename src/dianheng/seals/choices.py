"""Kinds, states, places and history verbs of seals: one list, with meaning."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class SealKind(TextChoices):
    """Whose seal it is; colours differ between companies and are no part of the kind."""

    FACTORY = "factory", _("Factory seal")  # 出厂封印
    VERIFICATION = "verification", _("Verification seal")  # 检定封印
    INSTALLATION = "installation", _("Installation seal")  # 装表封印
    FIELD_CHECK = "field_check", _("Field check seal")  # 现场检验封印
    INSPECTION = "inspection", _("Inspection seal")  # 用电检查封印
    COLLECTION = "collection", _("Collection seal")  # 采集运维封印


# Whoever opens one of these can reach the measuring parts: the verdict falls with the seal.
KINDS_OF_VERDICT = (SealKind.FACTORY, SealKind.VERIFICATION)


class SealState(TextChoices):
    """Where a seal stands in its life."""

    PURCHASED = "purchased", _("Ordered")  # bought, not here yet
    IN_STOCK = "in_stock", _("In stock")
    ISSUED = "issued", _("Issued to a holder")
    APPLIED = "applied", _("Applied")  # sits on a device
    REMOVED = "removed", _("Removed")  # opened; kept until it is destroyed
    SCRAPPED = "scrapped", _("Destroyed")
    LOST = "lost", _("Lost")


SEAL_TONE = {
    SealState.PURCHASED: "calm",
    SealState.IN_STOCK: "good",
    SealState.ISSUED: "busy",
    SealState.APPLIED: "good",
    SealState.REMOVED: "warn",
    SealState.SCRAPPED: "calm",
    SealState.LOST: "bad",
}


class SealVerb(TextChoices):
    """What happened to a seal; `rules.TRANSITIONS` says from which state to which."""

    ORDER = "order", _("Ordered")
    ENROL = "enrol", _("Entered in the register")
    RECEIVE = "receive", _("Received into stock")
    ISSUE = "issue", _("Issued")
    GIVE_BACK = "give_back", _("Given back")
    APPLY = "apply", _("Applied")
    OPEN = "open", _("Opened")
    SCRAP = "scrap", _("Destroyed")
    LOSE = "lose", _("Reported lost")


class SealPosition(TextChoices):
    """Where on a device a seal sits."""

    METER_COVER_LEFT = "meter_cover_left", _("Meter cover, left")  # 表盖左
    METER_COVER_RIGHT = "meter_cover_right", _("Meter cover, right")  # 表盖右
    TERMINAL_COVER = "terminal_cover", _("Terminal cover")  # 端子盖
    MODULE_COVER = "module_cover", _("Module cover")  # 通信模块盖
    BOX_DOOR = "box_door", _("Box door")  # 计量箱门
    TEST_BLOCK = "test_block", _("Test block")  # 试验接线盒
    SECONDARY_TERMINALS = "secondary_terminals", _("Secondary terminals")  # 互感器二次端子
    HOUSING = "housing", _("Housing")  # 标准器外壳
