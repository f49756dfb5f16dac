"""docs/store.md from the tables of the store: types, keys and indexes from the models, meanings from here."""

from __future__ import annotations

from sqlalchemy import UniqueConstraint
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql import dialect as postgresql

from scanner.batch import schema

HEAD = """# 结果库 / The store

由 `make docs` 从 `scanner/batch/schema.py` 生成。 Generated from the models.

`guijian batch` 把结果写入一个数据库：默认 SQLite 文件 `guijian.db`，多机时用 PostgreSQL（`--store postgresql+psycopg://…`）。
打开结果库时自动应用缺少的迁移（`scanner/batch/migrations`）。时间一律为 UTC。`body` 列是 zstd 压缩的 JSON：`facts.body` 是事实
（`docs/schema/facts.schema.json`），`assessment.body` 是评估（与 JSON 报告的 `assessment` 相同）。用 `guijian batch export` 可把各表导出为
CSV 或 Parquet（不含 `body`）。统计方法见 [statistics.md](statistics.md)。

A store is a SQLite file or a PostgreSQL database; opening it applies missing migrations. Moments are UTC. `body` columns
are zstd-compressed JSON.

"""

TABLES: dict[str, str] = {
    "run": "一次批量检测：来源、方案、评估时点、规则包",
    "task": "批次中的一个目标；状态 pending、done、failed 三者居一，不丢失、不重复",
    "seen": "读过的文件的摘要，文件未变时不再读",
    "facts": "一个输入由一个采集器版本得到的事实；按 sha256 和采集器版本唯一",
    "assessment": "对一份事实的一次评估：对象、等级、各结论的条款数",
    "finding": "评估中的一个发现，供查询；证据在 assessment.body 中",
    "control_verdict": "评估中每个控制点的结论",
    "clause_verdict": "评估中每个条款的结论",
}

COLUMNS: dict[str, str] = {
    "id": "主键",
    "run.label": "批次名称",
    "run.source": "来源（目录、列表、地址）；重新评估的批次以 `reassess:` 开头",
    "run.profile": "检测方案，空为按对象种类选用",
    "run.now": "评估时点",
    "run.collector": "采集器版本",
    "run.options": "附加规则目录等选项",
    "run.created": "建立时间",
    "run.finished": "全部目标完成的时间",
    "pack_version": "规则包版本",
    "pack_sha256": "规则包摘要",
    "task.run_id": "所属批次",
    "task.key": "目标在各批次中的标识：种类、地址和名单信息的摘要",
    "task.position": "在来源中的次序",
    "task.location": "文件路径、存储地址或网址",
    "task.meta": "名单所列的名称、类别、开发者、来源、版本、地区",
    "task.state": "pending 待检测、done 完成、failed 无法检测",
    "task.attempts": "尝试次数",
    "task.error_code": "无法检测的原因代码",
    "task.error_zh": "原因（中文）",
    "task.error_en": "原因（英文）",
    "task.seconds": "用时（秒）",
    "task.finished": "完成时间",
    "task.assessment_id": "得到的评估",
    "seen.location_key": "地址的摘要",
    "seen.size": "字节数",
    "seen.changed": "修改时间或版本标记",
    "sha256": "输入的 SHA-256",
    "facts.collector": "采集器版本",
    "kind": "种类：目标为 package 或 site，对象为 app 或 site",
    "identifier": "包名或网站地址",
    "name": "名称",
    "version": "版本",
    "facts.problems": "出错的采集项数",
    "facts.gaps": "未能读取的内容数",
    "facts.collected": "采集时间",
    "body": "压缩的完整内容",
    "assessment.facts_id": "所依据的事实",
    "assessment.meta_key": "名单信息的摘要：同一包在两个商店是两个对象",
    "assessment.profile": "检测方案",
    "assessment.assessed_at": "评估时点",
    "assessment.developer": "开发者或运营者",
    "assessment.store": "应用商店或来源",
    "assessment.category": "应用类别",
    "assessment.region": "地区",
    "assessment.letter": "等级",
    "assessment.score": "得分（0–100）",
    "assessment.provisional": "等级是否暂定",
    "assessment.violations": "不符合的条款数",
    "assessment.suspected": "疑似的条款数",
    "assessment.manual": "需人工核查的条款数",
    "assessment.compliant": "符合的条款数",
    "assessment.not_applicable": "不适用的条款数",
    "assessment.findings": "发现数",
    "assessment_id": "所属评估",
    "finding.rule": "规则",
    "finding.severity": "严重程度：critical、high、medium、low",
    "finding.confidence": "把握：certain、firm、tentative",
    "finding.group_key": "规则内的分组，例如一个 SDK",
    "finding.fingerprint": "指纹，跨版本不变",
    "finding.evidence_total": "证据处数",
    "control_verdict.control": "控制点",
    "clause_verdict.clause": "条款",
    "verdict": "结论：violation、suspected、manual、compliant、not_applicable",
}


def store_reference() -> str:
    """Return the page; tests/test_store_doc.py sees to it that nothing is without a description."""
    lite, post = sqlite.dialect(), postgresql()
    tables = [
        mapper.local_table
        for mapper in schema.Base.registry.mappers
        if mapper.class_.__module__ == schema.__name__
    ]
    order = list(TABLES)
    blocks = [HEAD]
    for table in sorted(
        tables, key=lambda item: order.index(item.name) if item.name in order else len(order)
    ):
        name = table.name
        blocks.append(f"## {name}\n\n{TABLES.get(name, '')}\n\n")
        blocks.append("| 列 / column | SQLite | PostgreSQL | 可空 | 键 | 含义 |\n|---|---|---|---|---|---|\n")
        for column in table.columns:
            keys = ["主键"] if column.primary_key else []
            keys += [f"→ {key.target_fullname}" for key in column.foreign_keys]
            meaning = COLUMNS.get(f"{name}.{column.name}") or COLUMNS.get(column.name, "")
            kinds = f"{column.type.compile(lite)} | {column.type.compile(post)}"
            nullable = "是" if column.nullable else ""
            blocks.append(f"| `{column.name}` | {kinds} | {nullable} | {'，'.join(keys)} | {meaning} |\n")
        unique = sorted(
            ", ".join(f"`{c.name}`" for c in constraint.columns)
            for constraint in table.constraints
            if isinstance(constraint, UniqueConstraint)
        )
        indexes = sorted(", ".join(f"`{c.name}`" for c in index.columns) for index in table.indexes)
        blocks.append("\n")
        if unique:
            blocks.append(f"唯一：{'；'.join(unique)}\n\n")
        if indexes:
            blocks.append(f"索引：{'；'.join(indexes)}\n\n")
    return "".join(blocks).rstrip("\n") + "\n"
