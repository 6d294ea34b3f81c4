"""Columns of a delivery file: what they are called, and what each is for."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from dianheng.common.errors import Text
from dianheng.common.texts import gettext_lazy as _

LEFT_OUT = "-"  # a column that is known and not taken: running number, remark


@dataclass(frozen=True)
class Field:
    """One fact that a file can give of a device.

    Args:
        key: column of the register's stage, or of the checks only.
        label: its name.
        names: heads by which it is recognised, in any spelling (`plain_head`).
        goes_into_register: whether it is kept of the device; the others are compared only.
        is_required: a file without this column is not taken.
        is_expected: an empty cell is a fault when the file has the column.
    """

    key: str
    label: Text
    names: tuple[str, ...]
    goes_into_register: bool = True
    is_required: bool = False
    is_expected: bool = False


FIELDS: Mapping[str, Field] = {
    field.key: field
    for field in (
        Field("barcode", _("Bar code"), ("条形码", "条码", "资产条码", "资产条形码", "条码号", "条形码号", "电能表条码", "电表条码", "设备条码", "barcode", "bar code", "bar code no", "asset barcode"), is_required=True, is_expected=True),
        Field("asset_no", _("Asset number"), ("资产编号", "资产号", "asset no", "asset number", "asset id")),
        Field("serial_no", _("Maker's number"), ("出厂编号", "出厂号", "厂编号", "表号", "出厂序号", "制造编号", "生产编号", "serial no", "serial number", "serial", "s/n", "sn", "maker no", "makers number", "factory no"), is_expected=True),
        Field("model", _("Model"), ("型号", "产品型号", "设备型号", "电能表型号", "表型", "规格型号", "model", "model no", "type", "meter type"), goes_into_register=False),
        Field("manufacturer", _("Maker"), ("厂家", "生产厂家", "制造厂家", "制造厂", "制造单位", "生产单位", "供应商", "供货商", "manufacturer", "maker", "supplier", "vendor"), goes_into_register=False),
        Field("order_no", _("Order"), ("订单号", "订单编号", "采购订单", "采购订单号", "order", "order no", "order number", "purchase order", "po", "po no"), goes_into_register=False),
        Field("contract_no", _("Contract"), ("合同号", "合同编号", "采购合同号", "contract", "contract no", "contract number"), goes_into_register=False),
        Field("tender_batch", _("Tender batch"), ("招标批次", "批次", "批次号", "招标批次号", "到货批次", "tender batch", "batch", "batch no", "tender"), goes_into_register=False),
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
        Field("box_no", _("Box"), ("箱号", "包装箱号", "周转箱号", "箱条码", "周转箱条码", "装箱号", "box", "box no", "carton", "carton no"), goes_into_register=False),
    )
}  # fmt: skip
_LEFT_OUT = ("序号", "行号", "编号", "备注", "说明", "数量", "单位", "名称", "设备名称", "no", "remark", "remarks", "note", "comment", "row", "index")  # fmt: skip

_BRACKETS = re.compile(r"\([^)]*\)|\[[^\]]*\]|【[^】]*】")
_SIGNS = re.compile(r"[\s*:：;、,，.。#'’_\-/\\|\"“”]+")


def plain_head(head: str) -> str:
    """A head without what writers add to it: brackets, stars, blanks, full width.

    >>> plain_head(" 条形码(22位)* ")
    '条形码'
    >>> plain_head("Bar-Code No.")
    'barcodeno'
    """
    text = unicodedata.normalize("NFKC", head).casefold()
    return _SIGNS.sub("", _BRACKETS.sub("", text))


_KNOWN = {plain_head(name): field.key for field in FIELDS.values() for name in field.names}
_KNOWN |= {plain_head(name): LEFT_OUT for name in _LEFT_OUT}


def recognise(head: str) -> str:
    """The field that a head stands for, LEFT_OUT, or an empty text when it is not known."""
    return _KNOWN.get(plain_head(head), "")


def propose(heads: Iterable[str], remembered: Mapping[str, str]) -> list[str]:
    """A field for each head: as this maker's files were mapped before, else by its name.

    The first column wins where two stand for the same field; the second stays to be said.
    """
    taken: set[str] = set()
    fields = []
    for head in heads:
        field = remembered.get(plain_head(head)) or recognise(head)
        if field in taken and field != LEFT_OUT:
            field = ""
        taken.add(field)
        fields.append(field)
    return fields


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
