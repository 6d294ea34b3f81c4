"""What lists of devices call the facts of a device, and what a check finds in them.

Shared by whatever reads such lists: makers' delivery files, registers of former systems.
"""

from collections.abc import Mapping
from dataclasses import replace

from dianheng.common.files.findings import GENERAL, FindingKind
from dianheng.common.files.heads import Field, Heads
from dianheng.common.texts import gettext_lazy as _

DEVICE_FIELDS: Mapping[str, Field] = {
    field.key: field
    for field in (
        Field("barcode", _("Bar code"), ("条形码", "条码", "资产条码", "资产条形码", "条码号", "条形码号", "电能表条码", "电表条码", "设备条码", "barcode", "bar code", "bar code no", "asset barcode"), is_required=True, is_expected=True),
        Field("asset_no", _("Asset number"), ("资产编号", "资产号", "asset no", "asset number", "asset id")),
        Field("serial_no", _("Maker's number"), ("出厂编号", "出厂号", "厂编号", "表号", "出厂序号", "制造编号", "生产编号", "serial no", "serial number", "serial", "s/n", "sn", "maker no", "makers number", "factory no"), is_expected=True),
        Field("material_code", _("Material code"), ("物料编码", "物料号", "物料代码", "material code", "material no", "material")),
        Field("produced_on", _("Produced on"), ("生产日期", "出厂日期", "制造日期", "production date", "produced on", "date of production", "made on", "manufacture date"), is_expected=True),
        Field("type_approval_no", _("Type approval"), ("型式批准证书号", "型式批准号", "计量器具型式批准证书编号", "型批号", "许可证号", "type approval", "type approval no", "cpa no")),
        Field("hardware_version", _("Hardware version"), ("硬件版本", "硬件版本号", "hardware version", "hw version", "hardware")),
        Field("software_version", _("Software version"), ("软件版本", "软件版本号", "固件版本", "程序版本", "software version", "sw version", "firmware", "firmware version")),
        Field("protocol", _("Protocol"), ("通信规约", "通讯规约", "规约", "通信协议", "通讯协议", "protocol", "communication protocol")),
        Field("comm_address", _("Communication address"), ("通信地址", "通讯地址", "表通信地址", "表地址", "逻辑地址", "communication address", "comm address", "address", "meter address"), is_expected=True),
        Field("comm_module_type", _("Communication module"), ("通信模块类型", "通讯模块类型", "模块类型", "通信方式", "通讯方式", "通信模块", "communication module", "module type", "module")),
        Field("comm_module_maker", _("Module's maker"), ("通信模块厂家", "通讯模块厂家", "模块厂家", "模块生产厂家", "module maker", "module manufacturer")),
        Field("prepayment", _("Prepayment"), ("费控类型", "费控方式", "费控", "预付费类型", "prepayment", "prepayment kind", "prepaid")),
        Field("esam_no", _("ESAM number"), ("esam号", "esam序列号", "esam编号", "安全芯片号", "安全模块号", "esam", "esam no", "esam number")),
        Field("key_state", _("Keys"), ("密钥状态", "密钥", "密钥类型", "key state", "keys", "key")),
        Field("price_preset", _("Price preset"), ("预置电价", "电价方案", "电价", "费率方案", "预置方案", "price preset", "price plan", "tariff", "tariff preset")),
        Field("ratio", _("Ratio in use"), ("变比", "额定变比", "电流变比", "ratio", "ct ratio")),
        Field("phase", _("Phase"), ("相别", "相位", "phase")),
        Field("burden_va", _("Rated burden, VA"), ("额定负荷", "二次负荷", "额定容量", "burden", "rated burden")),
        Field("security_factor", _("Security factor"), ("仪表保安系数", "保安系数", "fs", "security factor")),
        Field("sim_no", _("SIM number"), ("sim卡号", "sim", "sim no", "sim number")),
    )
}  # fmt: skip
# Compared, or looked up; not kept as they stand in the file.
MODEL_FIELD = Field("model", _("Model"), ("型号", "产品型号", "设备型号", "电能表型号", "表型", "规格型号", "model", "model no", "type", "meter type"), goes_into_register=False)  # fmt: skip
MAKER_FIELD = Field("manufacturer", _("Maker"), ("厂家", "生产厂家", "制造厂家", "制造厂", "制造单位", "生产单位", "供应商", "供货商", "manufacturer", "maker", "supplier", "vendor"), goes_into_register=False)  # fmt: skip
TENDER_FIELD = Field("tender_batch", _("Tender batch"), ("招标批次", "批次", "批次号", "招标批次号", "到货批次", "tender batch", "batch", "batch no", "tender"), goes_into_register=False)  # fmt: skip

# What files say for the choices of the register.
CHOICE_WORDS: Mapping[str, Mapping[str, str]] = {
    "prepayment": {
        "": "", "none": "none", "无": "none", "非费控": "none", "否": "none", "普通": "none",
        "remote": "remote", "远程": "remote", "远程费控": "remote", "远程预付费": "remote",
        "local": "local", "本地": "local", "本地费控": "local", "本地预付费": "local",
    },
    "key_state": {
        "": "", "unknown": "unknown", "未知": "unknown",
        "test": "test", "测试": "test", "测试密钥": "test", "公钥": "test", "公开密钥": "test", "00": "test",
        "formal": "formal", "正式": "formal", "正式密钥": "formal", "私钥": "formal", "01": "formal",
    },
}  # fmt: skip

# -- registers of former systems -------------------------------------------------------------------

_OTHERS = (
    Field("kind", _("Kind"), ("类别", "设备类别", "设备类型", "资产类别", "kind", "category", "device kind"), goes_into_register=False),
    Field("state", _("State"), ("状态", "资产状态", "设备状态", "电能表状态", "state", "status"), goes_into_register=False),
    Field("place", _("Place"), ("库房", "存放位置", "存放地点", "位置", "货位", "地点", "库位", "place", "location", "store"), goes_into_register=False),
    Field("unit", _("Unit"), ("所属单位", "单位名称", "供电单位", "管理单位", "使用单位", "unit", "organisation"), goes_into_register=False),
    Field("ownership", _("Owner"), ("产权", "产权归属", "产权单位", "资产归属", "owner", "ownership"), goes_into_register=False),
    Field("purchased_on", _("Purchased on"), ("购置日期", "采购日期", "购入日期", "建档日期", "purchased on", "purchase date")),
    Field("verified_on", _("Verified on"), ("检定日期", "最近检定日期", "上次检定日期", "verified on", "verification date", "last verified"), goes_into_register=False),
    Field("valid_through", _("Valid through"), ("有效期至", "检定有效期", "有效期", "检定有效期至", "valid through", "valid until", "expiry date"), goes_into_register=False),
    Field("stocked_on", _("In stock since"), ("入库日期", "入库时间", "in stock since", "stocked on"), goes_into_register=False),
    Field("name", _("Name"), ("器具名称", "标准器名称", "装置名称", "instrument name")),
    Field("measuring_range", _("Measuring range"), ("测量范围", "量程", "measuring range", "range")),
    Field("uncertainty", _("Class or uncertainty"), ("不确定度", "准确度等级或不确定度", "不确定度或准确度等级", "uncertainty")),
    Field("period_months", _("Verification period, months"), ("检定周期", "定检周期", "检定周期月", "period", "verification period")),
    Field("position_count", _("Positions"), ("表位数", "表位", "positions")),
    Field("restriction", _("Restriction"), ("限用说明", "使用限制", "restriction")),
)  # fmt: skip
# A former system's cells may be empty; only what a device cannot be without is asked for.
REGISTER_FIELDS: Mapping[str, Field] = {
    field.key: replace(
        field,
        is_expected=field.key == "barcode",
        is_required=field.key == "barcode",
    )
    for field in (*DEVICE_FIELDS.values(), MODEL_FIELD, MAKER_FIELD, TENDER_FIELD, *_OTHERS)
}
REGISTER_HEADS = Heads(REGISTER_FIELDS)
REGISTER_WORDS: Mapping[str, Mapping[str, str]] = {
    **CHOICE_WORDS,
    "ownership": {
        "": "", "utility": "utility", "供电企业": "utility", "供电公司": "utility", "电力公司": "utility",
        "公司": "utility", "局属": "utility", "customer": "customer", "用户": "customer", "客户": "customer",
        "用户资产": "customer", "客户资产": "customer", "自备": "customer",
    },
}  # fmt: skip
# How former systems call the states, beside the names that the states have here. What a company
# says in its own table of states goes before.
STATE_WORDS: Mapping[str, str] = {
    "新购在途": "on_order", "在途": "on_order", "待验收": "awaiting_acceptance", "新购入": "awaiting_acceptance",
    "待检": "awaiting_verification", "待检定": "awaiting_verification", "新购待检": "awaiting_verification",
    "拆回待检": "awaiting_verification", "在检": "in_verification", "检定中": "in_verification",
    "合格在库": "qualified", "在库合格": "qualified", "合格": "qualified", "库存合格": "qualified", "在库": "qualified", "库存": "qualified",
    "内控不合格": "outside_control", "不合格在库": "unqualified", "在库不合格": "unqualified", "不合格": "unqualified",
    "预领": "preallocated", "领出待装": "issued", "领出": "issued", "已领出": "issued", "待装": "issued", "领用": "issued",
    "运行": "in_service", "在运": "in_service", "在用": "in_service", "已安装": "in_service", "安装": "in_service", "使用中": "in_service",
    "拆回待分拣": "removed", "拆回": "removed", "待分拣": "removed", "拆除": "removed",
    "待报废": "awaiting_scrap", "已报废": "scrapped", "报废": "scrapped", "返厂": "returned_to_maker", "退厂": "returned_to_maker",
    "借出": "lent", "外借": "lent", "丢失": "lost", "遗失": "lost", "停用": "suspended", "封存": "suspended", "闲置": "suspended",
}  # fmt: skip

DEVICE_FINDINGS: Mapping[str, FindingKind] = {
    **GENERAL,
    "check_digit_legacy": FindingKind(
        _("Other check digit"),
        _("The check digit of %(value)s is not that of the scheme (%(wanted)s)."), is_warning=True,
    ),
    "format_legacy": FindingKind(
        _("Legacy bar code"), _("Bar code %(value)s is not of 22 digits."), is_warning=True
    ),
    "scheme_remark": FindingKind(
        _("Remark of the bar-code scheme"),
        _("Bar code %(value)s is of the scheme %(wanted)s, which remarks: %(other)s."), is_warning=True,
    ),
    "in_register": FindingKind(
        _("In the register already"), _("%(field)s %(value)s is in the register already (%(other)s).")
    ),
    "address_differs": FindingKind(
        _("Address differs from the bar code"),
        _("The communication address %(value)s is not the one in the bar code (%(wanted)s)."),
        is_warning=True,
    ),
}  # fmt: skip
REGISTER_FINDINGS: Mapping[str, FindingKind] = {
    **DEVICE_FINDINGS,
    "unknown_model": FindingKind(
        _("Unknown model"),
        _("There is no model “%(value)s”. Enter it under Models, or write its code or name as there."),
    ),
    "several_models": FindingKind(
        _("Several models"),
        _("Several makers have a model “%(value)s”: %(other)s. Let the file name the maker."),
    ),
    "other_kind": FindingKind(
        _("Other kind"), _("The file says “%(value)s”, the model is a %(wanted)s."), is_warning=True
    ),
    "unknown_place": FindingKind(
        _("Unknown place"),
        _("There is no place “%(value)s” in your units. Enter it under Places, or write its code or name as there."),
    ),
    "several_places": FindingKind(
        _("Several places"), _("Several places are called “%(value)s”: %(other)s. Write the code.")
    ),
    "unknown_unit": FindingKind(
        _("Unknown unit"), _("There is no unit “%(value)s”, or you may not enter devices for it.")
    ),
    "unknown_state": FindingKind(
        _("Unknown state"), _("No state is called “%(value)s”. Say on the page of the list which one is meant.")
    ),
    "number": FindingKind(_("No number"), _("%(field)s “%(value)s” is no whole number.")),
    "twice_legacy": FindingKind(
        _("Twice in the file"), _("%(field)s %(value)s stands in row %(other)s as well."), is_warning=True
    ),
    "address_again": FindingKind(
        _("Address in the register"),
        _("Communication address %(value)s is that of %(other)s in the register."), is_warning=True,
    ),
    "dates_crossed": FindingKind(
        _("Dates crossed"), _("Valid through %(value)s lies before the verification."), is_warning=True
    ),
}  # fmt: skip
