"""Words of the archive: what is filed, for how long, who may read it."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Category(TextChoices):
    """Kind of records, with the letters that stand in the number (DA/T 13)."""

    PAPERS = "WS", _("Papers of the office")  # 文书
    TECHNICAL = "KJ", _("Technical records")  # 科技
    TRADE = "ZY", _("Records of the trade")  # 专业
    ACCOUNTS = "KU", _("Accounts")  # 会计
    PHOTOS = "ZP", _("Photographs")  # 照片
    OBJECTS = "SW", _("Objects")  # 实物


class Retention(TextChoices):
    """How long it is kept, with the letters that stand in the number."""

    PERMANENT = "Y", _("Permanent")
    THIRTY = "D30", _("30 years")
    TEN = "D10", _("10 years")


class Secrecy(TextChoices):
    """Who may read it. What is a state secret has no place in this program."""

    PUBLIC = "public", _("Public")
    INTERNAL = "internal", _("Internal use")
    BUSINESS = "business", _("Business secret")  # only who holds the right to them


NOT_TAKEN = "state"  # offered on the form, so that its refusal says why
SECRECY_RANK = {Secrecy.PUBLIC: 0, Secrecy.INTERNAL: 1, Secrecy.BUSINESS: 2}


class VolumeState(TextChoices):
    """Where a volume stands."""

    OPEN = "open", _("Taking pieces")  # pieces may still come into it
    CLOSED = "closed", _("Volume closed")  # its remarks are written
    CHECKED = "checked", _("Checked")  # by another person
    DESTROYED = "destroyed", _("Destroyed")


class PieceState(TextChoices):
    """Whether a piece is still there."""

    KEPT = "kept", _("Kept")
    DESTROYED = "destroyed", _("Destroyed")  # the entry stays, the files are not given out


class DoorKind(TextChoices):
    """What happened at the door of a piece."""

    READ = "read", _("Read")
    TAKEN = "taken", _("File taken")
    REFUSED = "refused", _("Refused")


# Colours of states, decided here only.
SECRECY_TONE = {Secrecy.PUBLIC: "good", Secrecy.INTERNAL: "calm", Secrecy.BUSINESS: "warn"}
VOLUME_TONE = {
    VolumeState.OPEN: "busy",
    VolumeState.CLOSED: "warn",
    VolumeState.CHECKED: "good",
    VolumeState.DESTROYED: "calm",
}
PIECE_TONE = {PieceState.KEPT: "good", PieceState.DESTROYED: "calm"}


class RegulationKind(TextChoices):
    """What a regulation is, the highest first."""

    LAW = "law", _("Law")  # 法律
    DECREE = "decree", _("Administrative regulation")  # 行政法规
    DEPARTMENT = "department", _("Departmental rule")  # 部门规章
    NORMATIVE = "normative", _("Normative document")  # 规范性文件
    VERIFICATION = "verification", _("Verification regulation")  # 检定规程、计量技术规范
    NATIONAL = "national", _("National standard")  # 国家标准
    INDUSTRY = "industry", _("Industry standard")  # 行业标准
    COMPANY = "company", _("Company standard")  # 企业标准
    RULE = "rule", _("Management rule")  # 管理制度
    INSTRUCTION = "instruction", _("Work instruction")  # 作业指导书


class Standing(TextChoices):
    """How what carries a clause out stands."""

    TIED = "tied", _("Tied")  # the thing is there
    CHANGED = "changed", _("Clause changed")  # by a newer edition, and nobody has looked at it yet
    BROKEN = "broken", _("No longer there")  # the thing is gone
    WORDS = "words", _("In words only")  # outside the program, nothing to check


STANDING_TONE = {
    Standing.TIED: "good",
    Standing.CHANGED: "warn",
    Standing.BROKEN: "bad",
    Standing.WORDS: "calm",
}
WORDS_KIND = "words"  # of what stands outside the program
