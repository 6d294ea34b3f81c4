"""Kinds and states of documents."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class DocumentKind(TextChoices):
    """Papers that are issued under a number; the words of `papers.schema.PAPERS`."""

    VERIFICATION_CERTIFICATE = "verification_certificate", _("Verification certificate")  # 检定证书
    RESULT_NOTICE = "result_notice", _("Notice of verification result")  # 检定结果通知书
    ORIGINAL_RECORD = "original_record", _("Original record")  # 原始记录
    ARRIVAL_ACCEPTANCE = "arrival_acceptance", _("Arrival acceptance form")  # 到货验收单
    SAMPLING_FORM = "sampling_form", _("Sampling form")  # 抽样单
    SAMPLING_REPORT = "sampling_report", _("Sampling report")  # 抽检报告
    VERIFICATION_TASK = "verification_task", _("Verification task")  # 检定任务单
    STOCK_IN_NOTE = "stock_in_note", _("Stock-in note")  # 入库单
    STOCK_OUT_NOTE = "stock_out_note", _("Stock-out note")  # 出库单
    HANDOVER_NOTE = "handover_note", _("Hand-over note")  # 交接单
    FAILURE_LIST = "failure_list", _("List of failures")  # 不合格清单
    RETURN_NOTICE = "return_notice", _("Return notice")  # 退货通知单
    LOT_SUMMARY = "lot_summary", _("Lot summary")
    APPROVAL_SHEET = "approval_sheet", _("Approval sheet")  # 审批单
    FIELD_CHECK_RECORD = "field_check_record", _("Record of a check on site")  # 现场检验记录
    QUALITY_RECORD = "quality_record", _("QC record")  # 质检记录
    DOUBT_NOTICE = "doubt_notice", _("Notice of the test of a doubted meter")  # 检验结果通知书
    OPENING_RECORD = "opening_record", _("Record of the opening of a seal")  # 启封记录
    ARCHIVE_CATALOGUE = "archive_catalogue", _("Catalogue of filed papers")  # 归档文件目录
    VOLUME_INDEX = "volume_index", _("Index of a volume")  # 卷内文件目录
    VOLUME_SPINE = "volume_spine", _("Spine of a volume")  # 案卷脊背
    VOLUME_REMARKS = "volume_remarks", _("Remarks on a volume")  # 卷内备考表


class LabelKind(TextChoices):
    """Labels that are printed; the words of `papers.schema.LABELS`."""

    QUALIFICATION_MARK = "qualification_mark", _("Qualification mark")  # 合格标记
    METER_LABEL = "meter_label", _("Bar-code label")
    STATUS_LABEL = "status_label", _("Colour label of a standard or instrument")
    BOX_LABEL = "box_label", _("Turnover-box label")
    SHELF_LABEL = "shelf_label", _("Shelf label")


# Signed papers carry a QR code and the data; the others are printed and signed by hand.
SIGNED = (
    DocumentKind.VERIFICATION_CERTIFICATE,
    DocumentKind.RESULT_NOTICE,
    DocumentKind.SAMPLING_REPORT,
)


class DocumentState(TextChoices):
    """Whether a document still counts."""

    IN_FORCE = "in_force", _("In force")
    SUPERSEDED = "superseded", _("Superseded")  # another one takes its place and names it
    REVOKED = "revoked", _("Revoked")


class CopyKind(TextChoices):
    """How a copy left the program."""

    PRINT = "print", _("Printed")
    DOWNLOAD = "download", _("Downloaded")
    DATA = "data", _("Data file taken")
    RUN = "run", _("Printed in a run")
